import admin from './admin.json' with { type: 'json' };
import app from './app.json' with { type: 'json' };
import document from './document.json' with { type: 'json' };
import error from './error.json' with { type: 'json' };
import log from './log.json' with { type: 'json' };
import part from './part.json' with { type: 'json' };
import settings from './settings.json' with { type: 'json' };
import site from './site.json' with { type: 'json' };
import start from './start.json' with { type: 'json' };
import sync from './sync.json' with { type: 'json' };
import terminal from './terminal.json' with { type: 'json' };
import ticket from './ticket.json' with { type: 'json' };
import visit from './visit.json' with { type: 'json' };

/** All texts of this language: one file for each part of the interface. */
export default {
  admin,
  app,
  document,
  error,
  log,
  part,
  settings,
  site,
  start,
  sync,
  terminal,
  ticket,
  visit,
};
