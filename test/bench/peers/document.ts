import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import type { FoldedRow } from '#shared/domain/projection.ts';

/** A ticket as the peers hold it: what lists filter by as fields, the rest of the state as text: the same bytes as our rows carry. */
export interface Document {
  key: string;
  number: string;
  symptom: string;
  grade: string;
  work: string;
  assignee: string;
  openedAt: number;
  customerId: string;
  body: string;
}

/** The fields that our lists filter and sort by. */
export const INDEXES = ['grade', 'work', 'assignee', 'openedAt', 'customerId', 'number'] as const;

/** The tickets among the rows, as documents. */
export function documentsOf(rows: readonly FoldedRow[]): Document[] {
  return rows
    .filter(({ key }) => key.startsWith('ticket/'))
    .map(({ key, state }) => {
      const ticket = state as TicketState;
      return {
        key,
        number: ticket.number,
        symptom: fieldOf(ticket, 'symptom'),
        grade: ticket.grade ?? '',
        work: ticket.work,
        assignee: ticket.assignee ?? '',
        openedAt: Date.parse(ticket.openedAt),
        customerId: ticket.customerId,
        body: JSON.stringify(ticket),
      };
    });
}
