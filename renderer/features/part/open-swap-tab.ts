import i18next from 'i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { ViewState } from '../../stores/view.ts';

/** Opens the swap tool of a ticket, or shows it when it is open. */
export function openSwapTab(view: ViewState, ticket: Pick<TicketState, 'id' | 'number'>): void {
  view.openTab({
    id: `part/${ticket.id}`,
    kind: 'part',
    ticketId: ticket.id,
    title: `${i18next.t('part.tab')} ${ticket.number}`,
    params: {},
  });
}
