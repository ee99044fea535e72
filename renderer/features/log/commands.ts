import i18next from 'i18next';
import type { Command, CommandContext } from '../../app/commands.ts';
import { useLogUi } from './log-ui.ts';

/** Opens a new log tab of the selected ticket; its form asks for the file. */
function openLog({ view, ticket }: CommandContext): void {
  if (ticket === undefined) return;
  let n = 1;
  while (view.tabs.some(({ id }) => id === `log/${ticket.id}/${n}`)) n += 1;
  view.openTab({
    id: `log/${ticket.id}/${n}`,
    kind: 'log',
    ticketId: ticket.id,
    title: i18next.t('log.tabTitle', { n }),
    params: { mode: 'local' },
  });
}

const isLogShown = ({ view }: CommandContext): boolean =>
  view.isDockOpen && view.tabs.some(({ id, kind }) => id === view.tabId && kind === 'log');

/** Commands of the log viewer. */
export const logCommands: readonly Command[] = [
  {
    id: 'log.open',
    title: 'log.command.open',
    keys: 'l',
    when: ({ ticket }) => ticket !== undefined,
    run: openLog,
  },
  {
    id: 'log.search',
    title: 'log.command.search',
    keys: 'mod+f',
    when: isLogShown,
    run: ({ view }) => {
      if (view.tabId !== undefined) useLogUi.getState().askSearch(view.tabId);
    },
  },
];
