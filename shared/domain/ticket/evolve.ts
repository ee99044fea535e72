import type { DomainEvent } from '../../events/envelope.ts';
import { CLOSE_ENOUGH_MS } from '../../events/true-time.ts';
import { readEvent, type KnownEvent } from '../registry.ts';
import type { ClockDoubt, Register, TicketState } from './state.ts';
import { WORK_STATES, type EditableField, type WorkState } from './words.ts';

/** The ticket after one more fact. Facts come in (hlc, id) order; none is ever refused here. */
export function evolveTicket(state: TicketState, event: DomainEvent): TicketState {
  const reading = readEvent(event);
  if (reading.kind === 'newer') return { ...state, needsUpdate: true };
  if (reading.kind === 'malformed') return state;
  return withClockDoubt(apply(state, reading.event), reading.event);
}

/** Facts whose instant the promises are measured by, or that the ticket shows by itself. */
const KEPT: ReadonlySet<string> = new Set([
  'ticket.opened',
  'ticket.graded',
  'ticket.assigned',
  'ticket.accepted',
  'ticket.diagnosisStarted',
  'ticket.recoveryStarted',
  'ticket.restored',
  'ticket.fixStarted',
  'ticket.verificationStarted',
  'ticket.confirmed',
  'ticket.consented',
  'ticket.edited',
  'ticket.evidenceAttached',
  'part.swapped',
  'ticket.calledBack',
  'ticket.closed',
  'ticket.reviewed',
  'ticket.reopened',
  'ticket.cancelled',
  'ticket.paused',
  'ticket.resumed',
]);

/** Instants that people give are of whole minutes. */
const TOLD_WITHIN_MS = 60_000;

/** Keeps what is known of a clock that was off: the instant stays as it was noted, and can be put right (S9, S11). */
function withClockDoubt(state: TicketState, event: KnownEvent): TicketState {
  const { offsetMs, uncertaintyMs = 0 } = event.clock;
  if (offsetMs === undefined || !KEPT.has(event.type)) return state;
  if (Math.abs(offsetMs) <= CLOSE_ENOUGH_MS && uncertaintyMs <= CLOSE_ENOUGH_MS) return state;
  const kept = { ...state, clockDoubts: { ...state.clockDoubts, [event.at]: { offsetMs, uncertaintyMs } } };
  if (event.type !== 'ticket.restored') return kept;
  const doubt = doubtOfTold(kept, event.data.restoredAt, event.at);
  return { ...kept, clockDoubts: { ...kept.clockDoubts, [event.data.restoredAt]: doubt } };
}

/**
 * A person gave this instant, by the laptop's clock or by the right time. One of the two is often impossible, before the ticket was
 * opened or after it was told; where both can be, the truth lies anywhere between them.
 */
function doubtOfTold(state: TicketState, told: string, toldAt: string): ClockDoubt {
  const { offsetMs, uncertaintyMs } = state.clockDoubts[toldAt] ?? { offsetMs: 0, uncertaintyMs: 0 };
  const opened = Date.parse(state.openedAt) + (state.clockDoubts[state.openedAt]?.offsetMs ?? 0);
  const wasTold = Date.parse(toldAt) + offsetMs;
  const canBe = (at: number): boolean =>
    at >= opened - TOLD_WITHIN_MS - uncertaintyMs && at <= wasTold + TOLD_WITHIN_MS + uncertaintyMs;
  const [byTruth, byLaptop] = [canBe(Date.parse(told)), canBe(Date.parse(told) + offsetMs)];
  if (byTruth && !byLaptop) return { offsetMs: 0, uncertaintyMs: 0 };
  if (byLaptop && !byTruth) return { offsetMs, uncertaintyMs };
  const half = offsetMs / 2;
  return { offsetMs: half, uncertaintyMs: Math.abs(half) + uncertaintyMs };
}

function apply(state: TicketState, event: KnownEvent): TicketState {
  switch (event.type) {
    case 'ticket.opened': {
      const { data } = event;
      if (state.isOpened) return state;
      let opened: TicketState = {
        ...state,
        isOpened: true,
        scope: event.scope,
        number: data.number,
        customerId: data.customerId,
        siteId: data.siteId,
        channel: data.channel,
        occurredAt: data.occurredAt,
        openedAt: event.at,
        openedBy: event.actor,
        steps: { ...state.steps, new: { at: event.at, actor: event.actor } },
      };
      for (const field of ['symptom', 'environment', 'contactName', 'contactPhone', 'assetId'] as const) {
        opened = setField(opened, field, data[field] ?? '', event);
      }
      return opened;
    }
    case 'ticket.graded': {
      const { impact, urgency, grade } = event.data;
      const graded = {
        ...state,
        impact,
        urgency,
        grade,
        gradings: [...state.gradings, { at: event.at, grade }],
      };
      return reach(graded, 'graded', event);
    }
    case 'ticket.assigned':
      return reach({ ...state, assignee: event.data.to, tier: event.data.tier }, 'assigned', event);
    case 'ticket.declined':
      if (state.work !== 'assigned') return state;
      return { ...state, work: 'graded', assignee: undefined };
    case 'ticket.accepted': {
      const accepted = { ...state, assignee: state.assignee ?? event.actor };
      return reach({ ...accepted, firstAcceptedAt: state.firstAcceptedAt ?? event.at }, 'accepted', event);
    }
    case 'ticket.diagnosisStarted':
      return reach(state, 'diagnosing', event);
    case 'ticket.recoveryStarted':
      return reach(setField(state, 'recoveryPlan', event.data.plan, event), 'recovering', event);
    case 'ticket.restored':
      return reach(
        { ...state, restored: { what: event.data.what, at: event.data.restoredAt } },
        'restored',
        event,
      );
    case 'ticket.fixStarted':
      return reach(setField(state, 'fixPlan', event.data.plan, event), 'fixing', event);
    case 'ticket.verificationStarted':
      return reach({ ...state, verifyingAt: event.at }, 'verifying', event);
    case 'ticket.confirmed':
      return { ...state, confirmation: { ...event.data, at: event.at, eventId: event.id } };
    case 'ticket.calledBack':
      return { ...state, callBacks: [...state.callBacks, { ...event.data, at: event.at }] };
    case 'ticket.closed':
      return reach(
        endPause({ ...state, closings: [...state.closings, event.at] }, event.at),
        'closed',
        event,
      );
    case 'ticket.reviewed':
      return reach({ ...state, reviewed: { at: event.at } }, 'reviewed', event);
    case 'ticket.reopened':
      return {
        ...state,
        work: 'diagnosing',
        steps: { ...earlierSteps(state), diagnosing: { at: event.at, actor: event.actor } },
        reopenings: [...state.reopenings, event.at],
        confirmation: undefined,
        verifyingAt: undefined,
        restored: undefined,
      };
    case 'ticket.cancelled':
      return endPause(
        { ...state, ended: { how: 'cancelled', at: event.at, reason: event.data.reason } },
        event.at,
      );
    case 'ticket.paused': {
      const { reason, evidence } = event.data;
      const ended = endPause(state, event.at);
      return {
        ...ended,
        waiting: { reason, evidence, since: event.at },
        pauses: [...ended.pauses, { reason, evidence, from: event.at }],
      };
    }
    case 'ticket.resumed':
      return endPause(state, event.at);
    case 'ticket.shared':
      return { ...state, sharedWith: [...withoutTarget(state, event.data.with), event.data.with] };
    case 'ticket.unshared':
      return { ...state, sharedWith: withoutTarget(state, event.data.with) };
    case 'ticket.edited':
      return editField(state, event);
    case 'ticket.consented':
      return { ...state, consents: [...state.consents, { ...event.data, at: event.at, eventId: event.id }] };
    case 'ticket.evidenceAttached':
      return {
        ...state,
        evidence: [
          ...state.evidence,
          { eventId: event.id, at: event.at, actor: event.actor, data: event.data },
        ],
      };
    case 'part.taken':
      return {
        ...state,
        taken: [
          ...state.taken.filter((part) => part.unitId !== event.data.unitId),
          { unitId: event.data.unitId, outcome: 'open' },
        ],
      };
    case 'part.returned':
      return settlePart(state, event.data.unitId, 'returned');
    case 'part.swapped':
      return {
        ...settlePart(state, event.data.good.unitId, 'installed'),
        swaps: [...state.swaps, { eventId: event.id, at: event.at, data: event.data }],
      };
    default:
      return state;
  }
}

/**
 * Reaches a step. A fact about an earlier step that sorts later (two people,
 * one offline) is noted and does not lead the work back: only reopening does.
 */
function reach(state: TicketState, step: WorkState, event: DomainEvent): TicketState {
  const steps = { ...state.steps, [step]: { at: event.at, actor: event.actor } };
  return rank(step) >= rank(state.work) ? { ...state, steps, work: step } : { ...state, steps };
}

export function rank(step: WorkState): number {
  return WORK_STATES.indexOf(step);
}

function earlierSteps(state: TicketState): TicketState['steps'] {
  return Object.fromEntries(
    Object.entries(state.steps).filter(([step]) => rank(step as WorkState) < rank('diagnosing')),
  );
}

function endPause(state: TicketState, at: string): TicketState {
  if (state.waiting === undefined) return state;
  const pauses = state.pauses.map((pause) => (pause.to === undefined ? { ...pause, to: at } : pause));
  return { ...state, waiting: undefined, pauses };
}

function withoutTarget(state: TicketState, target: string): string[] {
  return state.sharedWith.filter((scope) => scope !== target);
}

function settlePart(state: TicketState, unitId: string, outcome: 'installed' | 'returned'): TicketState {
  return {
    ...state,
    taken: state.taken.map((part) => (part.unitId === unitId ? { ...part, outcome } : part)),
  };
}

/** Sets a field as part of a step: what a step says replaces what stood there, without a conflict. */
function setField(state: TicketState, field: EditableField, value: string, event: DomainEvent): TicketState {
  const register: Register = {
    value,
    setBy: event.id,
    actor: event.actor,
    at: event.at,
    conflicts: state.fields[field]?.conflicts ?? [],
  };
  return { ...state, fields: { ...state.fields, [field]: register } };
}

/**
 * An edit that was based on another value than the one standing here was made
 * without knowing of it: the later one stands, the other is kept for a person to settle.
 */
function editField(state: TicketState, event: KnownEvent & { type: 'ticket.edited' }): TicketState {
  const { field, value, basedOn, settles = [] } = event.data;
  const before = state.fields[field];
  const open = (before?.conflicts ?? []).filter((conflict) => !settles.includes(conflict.setBy));
  const isConcurrent =
    before !== undefined &&
    before.setBy !== basedOn &&
    !settles.includes(before.setBy) &&
    before.value !== value;
  const conflicts = isConcurrent
    ? [...open, { value: before.value, setBy: before.setBy, actor: before.actor, at: before.at }]
    : open;
  return {
    ...state,
    fields: {
      ...state.fields,
      [field]: { value, setBy: event.id, actor: event.actor, at: event.at, conflicts },
    },
  };
}
