import type { Migration } from '../migrate.ts';
import { PROTECT, SEEN } from './0006-row-security.ts';

/**
 * The records that go along with a shared ticket. `share_reasons`: for each record of a home scope that is in another
 * scope, the tickets that are shared there and name it; written only by who holds the lock on the ticket's own row in its
 * home scope. With the first reason the record has an active row in `shares`, with the last one it is not active any more.
 *
 * `events.by_guest`: the fact was taken only because its stream is shared with its author. What it names opens nothing.
 */
export const sharedRecords: Migration = {
  id: '0007-shared-records',
  sql: `
ALTER TABLE events ADD COLUMN by_guest boolean NOT NULL DEFAULT false;

CREATE TABLE share_reasons (
  tenant text NOT NULL,
  home text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  because text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, because, home, scope, stream)
);

CREATE INDEX share_reasons_by_record ON share_reasons (tenant, stream, home, scope);
${PROTECT(['share_reasons', 'SELECT, INSERT, DELETE', `(${SEEN('scope')} OR ${SEEN('home')})`])}
`,
};
