import type { TicketState } from '#shared/domain/ticket/state.ts';
import { fieldOf } from '#shared/domain/ticket/state.ts';
import { momentOf, mostUrgent, promisesOf } from '#shared/domain/ticket/promises.ts';
import type { PromiseName } from '#shared/domain/sla/policy.ts';
import type { Grade, WaitingReason, WorkState } from '#shared/domain/ticket/words.ts';

/** What a list shows of a ticket, and what it filters and sorts by. Instants are epoch milliseconds. */
export interface TicketSummary {
  readonly key: string;
  readonly number: string;
  readonly symptom: string;
  readonly customerId: string;
  readonly siteId: string;
  readonly assetId: string;
  readonly grade?: Grade;
  readonly work: WorkState;
  readonly ended: boolean;
  readonly assignee?: string;
  readonly waiting?: WaitingReason;
  readonly openedAt: number;
  readonly hasConflict: boolean;
  /** The open promise that falls due first. `due` is absent while a pause holds it; then `remainingMs` tells what is left. */
  readonly promise?: PromiseName;
  readonly due?: number;
  readonly remainingMs?: number;
  readonly targetMs?: number;
  readonly breached?: boolean;
  readonly calledBack: boolean;
}

/** Reads a summary off a ticket. `now` matters only for how much a held clock has left. */
export function summarise(key: string, ticket: TicketState, now: number): TicketSummary {
  // Nothing is promised any more once a ticket has ended; most of a store of years has.
  const isLive = ticket.isOpened && ticket.ended === undefined;
  const clock = isLive ? mostUrgent(promisesOf(ticket, now)) : undefined;
  return {
    key,
    number: ticket.number,
    symptom: fieldOf(ticket, 'symptom'),
    customerId: ticket.customerId,
    siteId: ticket.siteId,
    assetId: fieldOf(ticket, 'assetId'),
    grade: ticket.grade,
    work: ticket.work,
    ended: ticket.ended !== undefined,
    assignee: ticket.assignee,
    waiting: ticket.waiting?.reason,
    openedAt: momentOf(ticket, ticket.openedAt).at || 0,
    hasConflict: Object.values(ticket.fields).some((register) => register.conflicts.length > 0),
    promise: clock?.promise,
    due: clock?.due,
    remainingMs: clock?.due === undefined ? clock?.remainingMs : undefined,
    targetMs: clock?.targetMs,
    breached: clock?.state === 'breached' ? true : undefined,
    calledBack: ticket.callBacks.some((call) => call.reached),
  };
}

/** Closed, reviewed, cancelled, merged: nothing left to do on the main line. */
export function isDone(summary: Pick<TicketSummary, 'work' | 'ended'>): boolean {
  return summary.ended || summary.work === 'closed' || summary.work === 'reviewed';
}
