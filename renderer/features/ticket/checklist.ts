import { hasConsent, missingFor, type Missing } from '#shared/domain/ticket/guards.ts';
import { rank } from '#shared/domain/ticket/evolve.ts';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import type { ActName } from './act-specs.ts';

export interface ChecklistItem {
  readonly code: Missing | 'consent';
  readonly isDone: boolean;
  /** The form that supplies it, where there is one. */
  readonly act?: ActName;
}

const ACTS: Readonly<Partial<Record<ChecklistItem['code'], ActName>>> = {
  impact: 'grade',
  assignee: 'assign',
  consent: 'consent',
  recoveryPlan: 'startRecovery',
  restoredWhat: 'restore',
  fixPlan: 'startFix',
  causeCode: 'editCause',
  rootCause: 'editCause',
  treatment: 'editCause',
  confirmation: 'confirm',
  callBack: 'callBack',
  review: 'review',
};

/**
 * What the present stretch of work needs, done or not: up to service being
 * back, up to the customer's verification, up to the close, and the review
 * after it. What lies further ahead is left out: it would only weigh.
 */
export function checklistOf(ticket: TicketState, now: string): ChecklistItem[] {
  if (ticket.ended !== undefined || ticket.work === 'reviewed') return [];
  const lacks = new Set(missingFor(ticket, 'closed'));
  const at = rank(ticket.work);
  const item = (code: ChecklistItem['code'], isDone: boolean): ChecklistItem => ({
    code,
    isDone,
    ...(ACTS[code] !== undefined && !isDone && mayOpen(ticket, code) && { act: ACTS[code] }),
  });
  const parts = ticket.taken.length > 0 ? [item('partsReconciled', !lacks.has('partsReconciled'))] : [];
  if (at < rank('restored') && ticket.grade !== 'P4') {
    return [
      item('impact', ticket.grade !== undefined),
      item('assignee', ticket.assignee !== undefined),
      item('consent', hasConsent(ticket, now)),
      item('recoveryPlan', fieldOf(ticket, 'recoveryPlan') !== ''),
      item('restoredWhat', ticket.restored !== undefined),
      ...parts,
    ];
  }
  if (at < rank('verifying')) {
    return [
      // A question (P4) has neither a recovery nor a fix.
      ...(ticket.grade === 'P4'
        ? [item('assignee', ticket.assignee !== undefined)]
        : [item('fixPlan', fieldOf(ticket, 'fixPlan') !== '')]),
      item('causeCode', !lacks.has('causeCode')),
      item('rootCause', !lacks.has('rootCause')),
      item('treatment', !lacks.has('treatment')),
      ...parts,
    ];
  }
  if (at < rank('closed')) {
    return [
      item('confirmation', !lacks.has('confirmation')),
      item('callBack', !lacks.has('callBack')),
      ...parts,
    ];
  }
  return ticket.grade === 'P1' || ticket.grade === 'P2' ? [item('review', false)] : [];
}

/** Whether the form would not be refused for the time being; the rest waits for its step. */
function mayOpen(ticket: TicketState, code: ChecklistItem['code']): boolean {
  const at = rank(ticket.work);
  switch (code) {
    case 'assignee':
      return ticket.grade !== undefined;
    case 'recoveryPlan':
      return at >= rank('accepted') && at < rank('recovering');
    case 'restoredWhat':
      return at >= rank('accepted');
    case 'fixPlan':
      return at >= rank('diagnosing') && at < rank('fixing');
    default:
      return true;
  }
}
