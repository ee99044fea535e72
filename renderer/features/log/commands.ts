import i18next from 'i18next';
import type { Command, CommandContext } from '../../app/commands.ts';

/** Opens a new log tab of the selected ticket; its form asks for the file. */
function openLog({ view, ticket }: CommandContext): void {
  if (ticket === undefined) return;
  const numbers = view.tabs
    .filter((tab) => tab.kind === 'log' && tab.ticketId === ticket.id)
    .map((tab) => Number(tab.id.split('/').at(-1)));
  const n = Math.max(0, ...numbers.filter(Number.isFinite)) + 1;
  view.openTab({
    id: `log/${ticket.id}/${n}`,
    kind: 'log',
    ticketId: ticket.id,
    title: i18next.t('log.tabTitle', { n }),
    params: { mode: 'local' },
  });
}

/** Commands of the log viewer. */
export const logCommands: readonly Command[] = [
  { id: 'log.open', title: 'log.command.open', keys: 'l', when: ({ ticket }) => ticket !== undefined, run: openLog },
];
