import i18next from 'i18next';
import type { Command, CommandContext } from '../../app/commands.ts';
import { terminalTabId } from './reattach-sessions.ts';
import { useTerminalSettings } from './terminal-settings.ts';

/** Opens a new terminal tab of the selected ticket; its form asks where to connect. */
function openTerminal({ view, ticket }: CommandContext): void {
  if (ticket === undefined) return;
  const id = terminalTabId(ticket.id);
  view.openTab({
    id,
    kind: 'terminal',
    ticketId: ticket.id,
    title: i18next.t('terminal.tabTitle', { n: id.split('/').at(-1) }),
    params: {},
  });
}

const isTerminalShown = ({ view }: CommandContext): boolean =>
  view.isDockOpen &&
  view.tabs.some(
    ({ id, kind, params }) => id === view.tabId && kind === 'terminal' && params['sessionId'] !== undefined,
  );

/** Commands of the terminal. */
export const terminalCommands: readonly Command[] = [
  {
    id: 'terminal.open',
    title: 'terminal.command.open',
    keys: 't',
    when: ({ ticket }) => ticket !== undefined,
    run: openTerminal,
  },
  {
    id: 'terminal.search',
    title: 'terminal.command.search',
    keys: 'mod+shift+f',
    when: isTerminalShown,
    run: ({ view }) => useTerminalSettings.getState().set({ searchTabId: view.tabId }),
  },
];
