import type { EventDraft } from '../../events/envelope.ts';
import type { DataOf, EventTypeName } from '../registry.ts';
import { draft, refuse, type DecideContext, type Decision } from '../refusal.ts';
import { mayStep, missingFor, type Missing } from './guards.ts';
import { fieldOf, type TicketState } from './state.ts';
import {
  gradeOf,
  type EditableField,
  type Grade,
  type Level,
  type Tier,
  type WaitingReason,
  type WorkState,
} from './words.ts';

/** What people do to a ticket. */
export type TicketCommand =
  | { do: 'open'; ticketId: string; data: DataOf<'ticket.opened'> }
  | { do: 'grade'; impact: Level; urgency: Level; override?: { grade: Grade; reason: string } }
  | { do: 'assign'; to: string; tier: Tier; note?: string }
  | { do: 'accept' }
  | { do: 'decline'; reason: string }
  | { do: 'startDiagnosis' }
  | { do: 'startRecovery'; plan: string }
  | { do: 'restore'; what: string; restoredAt: string }
  | { do: 'startFix'; plan: string }
  | { do: 'startVerification' }
  | { do: 'confirm'; data: DataOf<'ticket.confirmed'> }
  | { do: 'callBack'; data: DataOf<'ticket.calledBack'> }
  | { do: 'close' }
  | { do: 'review'; report: string; knowledge: string }
  | { do: 'reopen'; reason: string }
  | { do: 'cancel'; reason: string }
  | { do: 'pause'; reason: WaitingReason; evidence: string; approvedBy?: string }
  | { do: 'resume' }
  | { do: 'share'; with: string }
  | { do: 'unshare'; with: string }
  | { do: 'note'; text: string }
  | { do: 'edit'; field: EditableField; value: string; basedOn: string }
  | { do: 'settle'; field: EditableField; value: string }
  | { do: 'consent'; data: DataOf<'ticket.consented'> }
  | { do: 'attach'; data: DataOf<'ticket.evidenceAttached'> };

/** A ticket that has ended takes notes, and leaves those it was shared with. */
const STILL_POSSIBLE: ReadonlySet<TicketCommand['do']> = new Set(['note', 'unshare']);

/**
 * What a command means for a ticket: facts, or the reason why not. The only
 * place with the rules of T2, T3 and T4; screens ask it what is possible.
 */
export function decideTicket(ticket: TicketState, command: TicketCommand, context: DecideContext): Decision {
  if (command.do === 'open') {
    const place = { stream: `ticket/${command.ticketId}`, scope: context.scope };
    return ok(draft(context, place, 'ticket.opened', command.data));
  }
  if (!ticket.isOpened) return refuse('ticket.unknown');
  if (ticket.needsUpdate) return refuse('ticket.needsUpdate');
  if (ticket.ended !== undefined && !STILL_POSSIBLE.has(command.do)) return refuse('ticket.ended');
  const fact = <T extends EventTypeName>(type: T, data: DataOf<T>): Decision =>
    ok(draft(context, { stream: `ticket/${ticket.id}`, scope: ticket.scope }, type, data));
  const step = <T extends EventTypeName>(
    to: WorkState,
    lacks: Missing[],
    type: T,
    data: DataOf<T>,
  ): Decision => {
    if (!mayStep(ticket, to)) return refuse('ticket.notNow', [], { step: to, work: ticket.work });
    const missing = [...missingFor(ticket, to), ...lacks];
    return missing.length > 0 ? refuse('ticket.missing', missing, { step: to }) : fact(type, data);
  };
  const blank = (text: string, missing: Missing): Missing[] => (text.trim() === '' ? [missing] : []);

  switch (command.do) {
    case 'grade': {
      const { impact, urgency, override } = command;
      if (ticket.work === 'closed' || ticket.work === 'reviewed') return refuse('ticket.closed');
      const grade = override?.grade ?? gradeOf(impact, urgency);
      if (
        override !== undefined &&
        override.grade !== gradeOf(impact, urgency) &&
        override.reason.trim() === ''
      ) {
        return refuse('ticket.overrideNeedsReason');
      }
      const overrideReason = grade === gradeOf(impact, urgency) ? undefined : override?.reason;
      return fact('ticket.graded', {
        impact,
        urgency,
        grade,
        ...(overrideReason !== undefined && { overrideReason }),
      });
    }
    case 'assign':
      return step('assigned', blank(command.to, 'assignee'), 'ticket.assigned', {
        to: command.to,
        tier: command.tier,
        ...(command.note !== undefined && { note: command.note }),
      });
    case 'accept':
      return step('accepted', [], 'ticket.accepted', {});
    case 'decline':
      if (ticket.work !== 'assigned')
        return refuse('ticket.notNow', [], { step: 'graded', work: ticket.work });
      if (command.reason.trim() === '') return refuse('ticket.needsReason');
      return fact('ticket.declined', { reason: command.reason });
    case 'startDiagnosis':
      return step('diagnosing', [], 'ticket.diagnosisStarted', {});
    case 'startRecovery':
      return step('recovering', blank(command.plan, 'recoveryPlan'), 'ticket.recoveryStarted', {
        plan: command.plan,
      });
    case 'restore':
      if (Date.parse(command.restoredAt) > Date.parse(context.now)) return refuse('ticket.restoredInFuture');
      return step('restored', blank(command.what, 'restoredWhat'), 'ticket.restored', {
        what: command.what,
        restoredAt: command.restoredAt,
      });
    case 'startFix':
      return step('fixing', blank(command.plan, 'fixPlan'), 'ticket.fixStarted', { plan: command.plan });
    case 'startVerification':
      return step('verifying', [], 'ticket.verificationStarted', {});
    case 'confirm':
      if (ticket.work !== 'verifying')
        return refuse('ticket.notNow', [], { step: 'verifying', work: ticket.work });
      if (command.data.method === 'signature' && command.data.signature === undefined) {
        return refuse('ticket.signatureMissing');
      }
      return fact('ticket.confirmed', command.data);
    case 'callBack':
      if (command.data.reached && command.data.satisfaction === undefined)
        return refuse('ticket.satisfactionMissing');
      return fact('ticket.calledBack', command.data);
    case 'close':
      return step('closed', [], 'ticket.closed', {});
    case 'review':
      return step('reviewed', blank(command.report, 'review'), 'ticket.reviewed', {
        report: command.report,
        knowledge: command.knowledge,
      });
    case 'reopen':
      if (ticket.work !== 'closed' && ticket.work !== 'reviewed') return refuse('ticket.notClosed');
      if (command.reason.trim() === '') return refuse('ticket.needsReason');
      return fact('ticket.reopened', { reason: command.reason });
    case 'cancel':
      if (command.reason.trim() === '') return refuse('ticket.needsReason');
      return fact('ticket.cancelled', { reason: command.reason });
    case 'pause':
      return decidePause(ticket, command, context, fact);
    case 'resume':
      return ticket.waiting === undefined ? refuse('ticket.notWaiting') : fact('ticket.resumed', {});
    case 'share':
      if (command.with === ticket.scope) return refuse('ticket.sharedAtHome');
      if (ticket.sharedWith.includes(command.with)) return refuse('ticket.sharedAlready');
      return fact('ticket.shared', { with: command.with });
    case 'unshare':
      return ticket.sharedWith.includes(command.with)
        ? fact('ticket.unshared', { with: command.with })
        : refuse('ticket.notShared');
    case 'note':
      return command.text.trim() === ''
        ? refuse('ticket.emptyNote')
        : fact('ticket.noted', { text: command.text });
    case 'edit':
      if (command.value === fieldOf(ticket, command.field)) return { ok: true, drafts: [] };
      return fact('ticket.edited', { field: command.field, value: command.value, basedOn: command.basedOn });
    case 'settle': {
      const register = ticket.fields[command.field];
      if (register === undefined || register.conflicts.length === 0) return refuse('ticket.noConflict');
      const settles = [register.setBy, ...register.conflicts.map((conflict) => conflict.setBy)];
      return fact('ticket.edited', {
        field: command.field,
        value: command.value,
        basedOn: register.setBy,
        settles,
      });
    }
    case 'consent':
      if (command.data.emergency && ticket.grade !== 'P1') return refuse('ticket.emergencyOnlyP1');
      if (command.data.emergency && (command.data.reason ?? '').trim() === '')
        return refuse('ticket.needsReason');
      return fact('ticket.consented', command.data);
    case 'attach':
      return fact('ticket.evidenceAttached', command.data);
  }
}

type Fact = <T extends EventTypeName>(type: T, data: DataOf<T>) => Decision;

/** T4: evidence for each pause; a P1 waits only with a manager's approval. */
function decidePause(
  ticket: TicketState,
  command: TicketCommand & { do: 'pause' },
  context: DecideContext,
  fact: Fact,
): Decision {
  if (ticket.work === 'closed' || ticket.work === 'reviewed') return refuse('ticket.closed');
  if (command.evidence.trim() === '') return refuse('ticket.pauseNeedsEvidence');
  const approvedBy = context.roles.includes('manager') ? context.actor : command.approvedBy;
  if (ticket.grade === 'P1' && approvedBy === undefined) return refuse('ticket.pauseNeedsApproval');
  return fact('ticket.paused', {
    reason: command.reason,
    evidence: command.evidence,
    ...(approvedBy !== undefined && { approvedBy }),
  });
}

function ok(...drafts: EventDraft[]): Decision {
  return { ok: true, drafts };
}
