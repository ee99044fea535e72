import i18next from 'i18next';
import type { Command, CommandContext } from '../../app/commands.ts';

/** Opens a new terminal tab of the selected ticket; its form asks where to connect. */
function openTerminal({ view, ticket }: CommandContext): void {
  if (ticket === undefined) return;
  const numbers = view.tabs
    .filter((tab) => tab.kind === 'terminal' && tab.ticketId === ticket.id)
    .map((tab) => Number(tab.id.split('/').at(-1)));
  const n = Math.max(0, ...numbers.filter(Number.isFinite)) + 1;
  view.openTab({
    id: `terminal/${ticket.id}/${n}`,
    kind: 'terminal',
    ticketId: ticket.id,
    title: i18next.t('terminal.tabTitle', { ticket: ticket.number, n }),
    params: {},
  });
}

/** Commands of the terminal. */
export const terminalCommands: readonly Command[] = [
  { id: 'terminal.open', title: 'terminal.command.open', keys: 't', when: ({ ticket }) => ticket !== undefined, run: openTerminal },
];
