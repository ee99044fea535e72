import { fieldOf, type TicketState } from './state.ts';
import { rank } from './evolve.ts';
import type { WorkState } from './words.ts';

/** Attempts to reach the customer that count as a call-back when nobody answered. */
export const CALL_BACK_ATTEMPTS = 3;

/** Something that a step still lacks; the screens put each code into words. */
export type Missing =
  | 'impact'
  | 'assignee'
  | 'recoveryPlan'
  | 'restoredWhat'
  | 'fixPlan'
  | 'causeCode'
  | 'rootCause'
  | 'treatment'
  | 'partsReconciled'
  | 'confirmation'
  | 'callBack'
  | 'review';

/**
 * What the facts still lack before a step may be taken (T3). What the step's
 * own form asks for (a plan, what was done) is the command's to bring.
 */
export function missingFor(ticket: TicketState, step: WorkState): Missing[] {
  const missing: Missing[] = [];
  if (rank(step) > rank('new') && step !== 'graded' && ticket.grade === undefined) missing.push('impact');
  if (step === 'verifying' || rank(step) > rank('verifying')) {
    if (fieldOf(ticket, 'causeCode') === '') missing.push('causeCode');
    if (fieldOf(ticket, 'rootCause').trim() === '') missing.push('rootCause');
    if (fieldOf(ticket, 'treatment').trim() === '') missing.push('treatment');
    if (ticket.taken.some((part) => part.outcome === 'open')) missing.push('partsReconciled');
  }
  if (rank(step) >= rank('closed')) {
    if (ticket.confirmation === undefined) missing.push('confirmation');
    if (!hasCalledBack(ticket)) missing.push('callBack');
  }
  return missing;
}

/** A satisfaction was heard, or three attempts are on record. */
export function hasCalledBack(ticket: TicketState): boolean {
  return (
    ticket.callBacks.some((call) => call.reached && call.satisfaction !== undefined) ||
    ticket.callBacks.filter((call) => !call.reached).length >= CALL_BACK_ATTEMPTS
  );
}

/** From which states a step may be taken (T2): forward, with the skips that the field needs. */
export const STEPS_FROM: Readonly<Record<WorkState, readonly WorkState[]>> = {
  new: [],
  graded: ['new'],
  assigned: ['graded', 'assigned', 'accepted', 'diagnosing', 'recovering', 'restored', 'fixing', 'verifying'],
  accepted: ['assigned', 'graded'],
  diagnosing: ['accepted'],
  recovering: ['accepted', 'diagnosing'],
  restored: ['accepted', 'diagnosing', 'recovering'],
  fixing: ['diagnosing', 'recovering', 'restored'],
  verifying: ['restored', 'fixing'],
  closed: ['verifying'],
  reviewed: ['closed'],
};

/** Whether the ticket stands where a step may be taken. P4 may go from accepted straight to verifying. */
export function mayStep(ticket: TicketState, step: WorkState): boolean {
  if (ticket.ended !== undefined || !ticket.isOpened) return false;
  if (step === 'verifying' && ticket.grade === 'P4' && rank(ticket.work) >= rank('accepted')) {
    return rank(ticket.work) < rank('verifying');
  }
  if (step === 'reviewed' && ticket.grade !== 'P1' && ticket.grade !== 'P2') return false;
  return STEPS_FROM[step].includes(ticket.work);
}

/** The step the main button offers, `undefined` when the ticket is done. */
export function nextStep(ticket: TicketState): WorkState | undefined {
  if (ticket.ended !== undefined || !ticket.isOpened) return undefined;
  const order: Readonly<Record<WorkState, WorkState | undefined>> = {
    new: 'graded',
    graded: 'assigned',
    assigned: 'accepted',
    accepted: ticket.grade === 'P4' ? 'verifying' : 'diagnosing',
    diagnosing: 'recovering',
    recovering: 'restored',
    restored: 'fixing',
    fixing: 'verifying',
    verifying: 'closed',
    closed: ticket.grade === 'P1' || ticket.grade === 'P2' ? 'reviewed' : undefined,
    reviewed: undefined,
  };
  return order[ticket.work];
}

/** The consent that covers a connection now (E2): of several the one that lasts longest. `now` is ISO in UTC. */
export function currentConsent(
  ticket: TicketState,
  now: string,
): TicketState['consents'][number] | undefined {
  return ticket.consents
    .filter(({ until }) => Date.parse(until) > Date.parse(now))
    .toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
}

/** Whether a connection to the customer's systems is covered now (E2). */
export function hasConsent(ticket: TicketState, now: string): boolean {
  return currentConsent(ticket, now) !== undefined;
}
