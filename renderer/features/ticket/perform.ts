import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import type { Refusal } from '#shared/domain/refusal.ts';
import type { TicketCommand } from '#shared/domain/ticket/decide.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { actOnTicket } from '../../app/act.ts';
import type { Desk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { useView } from '../../stores/view.ts';
import { nextAct } from './next-act.ts';

/** What a refusal lacks, in words, as one line. */
export function lacksInWords(codes: readonly string[]): string {
  return codes.map((code) => i18next.t(`ticket.missing.${code}`)).join(i18next.t('ticket.listSeparator'));
}

/** Acts at once, without a form; a refusal or an error is said in a notice. */
export async function perform(desk: Desk, ticketId: string, command: TicketCommand): Promise<boolean> {
  try {
    const decision = await actOnTicket(desk, ticketId, command);
    if (!decision.ok) sayRefusal(decision.refusal);
    return decision.ok;
  } catch (error) {
    notify({ title: i18next.t('ticket.notSaved'), message: explainError(error) });
    return false;
  }
}

/** Takes the next step of a ticket's main line, or opens the form it needs. */
export async function performNext(desk: Desk, ticket: TicketState): Promise<void> {
  const next = nextAct(ticket);
  if (next === undefined) return;
  if ('open' in next.does)
    useView.getState().openDialog({ kind: 'act', act: next.does.open, ticketId: ticket.id });
  else await perform(desk, ticket.id, next.does.command);
}

function sayRefusal(refusal: Refusal): void {
  const lacks = lacksInWords(refusal.missing);
  notify({ title: explainRefusal(refusal), message: lacks });
}

/** A notice in the corner; with a title it says why something was not done. */
export function notify({ title, message }: { title?: string; message: string }): void {
  notifications.show({
    message,
    // Not where the main button is.
    position: 'bottom-left',
    ...(title !== undefined && { title, color: 'orange' }),
    closeButtonProps: { 'aria-label': i18next.t('app.close') },
  });
}
