import i18next from 'i18next';
import type { SessionFacts } from '#shared/host/ssh.ts';
import type { Desk } from '../../app/desk.ts';
import { useView } from '../../stores/view.ts';
import { keepRecording } from './keep-recording.ts';

/**
 * Opens tabs for the sessions that went on in the host while the page was away, and makes evidence of the
 * recordings that no ticket names yet. Call it once when the desk is ready.
 * @throws HostError when the host cannot be asked; calling again is safe.
 */
export async function reattachSessions(desk: Desk): Promise<void> {
  const sessions = await desk.host.ssh.sessions({});
  const shown = useView.getState().tabId;
  for (const session of sessions) if (session.state === 'open') openTabFor(session);
  // What was being looked at stays in front.
  if (shown !== undefined) useView.getState().showTab(shown);
  for (const session of await desk.host.ssh.unclaimedRecordings({})) await keepRecording(desk, session);
}

function openTabFor(session: SessionFacts): void {
  const view = useView.getState();
  if (view.tabs.some(({ params }) => params['sessionId'] === session.sessionId)) return;
  view.openTab({
    id: terminalTabId(session.ticketId),
    kind: 'terminal',
    ticketId: session.ticketId,
    title: session.title || i18next.t('terminal.untitled'),
    params: { sessionId: session.sessionId },
  });
}

/** An id that no open terminal tab of the ticket has. */
export function terminalTabId(ticketId: string): string {
  const { tabs } = useView.getState();
  let n = 1;
  while (tabs.some(({ id }) => id === `terminal/${ticketId}/${n}`)) n += 1;
  return `terminal/${ticketId}/${n}`;
}
