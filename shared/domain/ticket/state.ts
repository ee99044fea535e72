import type { DataOf } from '../registry.ts';
import type {
  CauseCode,
  Channel,
  EditableField,
  Grade,
  Level,
  Tier,
  WaitingReason,
  WorkState,
} from './words.ts';

/** A value with the event that set it, and what others wrote at the same time. */
export interface Register {
  readonly value: string;
  readonly setBy: string;
  readonly actor: string;
  readonly at: string;
  readonly conflicts: ReadonlyArray<Omit<Register, 'conflicts'>>;
}

export interface Pause {
  readonly reason: WaitingReason;
  readonly evidence: string;
  readonly from: string;
  readonly to?: string;
}

export interface Evidence {
  readonly eventId: string;
  readonly at: string;
  readonly actor: string;
  readonly data: DataOf<'ticket.evidenceAttached'>;
}

/** A part claimed for the ticket, until it is installed or returned. */
export interface TakenPart {
  readonly unitId: string;
  readonly outcome: 'open' | 'installed' | 'returned';
}

export interface Swap {
  readonly eventId: string;
  readonly at: string;
  readonly data: DataOf<'part.swapped'>;
}

/** What a device's clock was off by when it noted an instant: the truth lies within `uncertaintyMs` of the instant plus `offsetMs`. */
export interface ClockDoubt {
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}

/**
 * A ticket as its facts mean it. Four things are separate (T1): the work
 * state, waiting, the clocks (derived elsewhere) and the escalation tier.
 * Instants are ISO strings in UTC.
 */
export interface TicketState {
  readonly id: string;
  readonly scope: string;
  /** False until the opening event is known: other events may arrive first. */
  readonly isOpened: boolean;
  /** Set when a fact of a newer version is in the stream: read-only until this program is updated. */
  readonly needsUpdate: boolean;
  readonly number: string;
  readonly customerId: string;
  readonly siteId: string;
  readonly channel: Channel;
  readonly occurredAt: string;
  readonly openedAt: string;
  readonly openedBy: string;
  readonly fields: Readonly<Partial<Record<EditableField, Register>>>;

  readonly work: WorkState;
  /** Steps reached since the last reopening, with when and who. */
  readonly steps: Readonly<Partial<Record<WorkState, { readonly at: string; readonly actor: string }>>>;
  readonly ended?: {
    readonly how: 'cancelled' | 'merged' | 'duplicate';
    readonly at: string;
    readonly reason: string;
  };

  readonly grade?: Grade;
  readonly impact?: Level;
  readonly urgency?: Level;
  readonly gradings: ReadonlyArray<{ readonly at: string; readonly grade: Grade }>;

  readonly assignee?: string;
  readonly tier: Tier;
  readonly firstAcceptedAt?: string;

  readonly waiting?: { readonly reason: WaitingReason; readonly since: string; readonly evidence: string };
  readonly pauses: readonly Pause[];

  readonly restored?: { readonly what: string; readonly at: string };
  readonly verifyingAt?: string;
  readonly confirmation?: DataOf<'ticket.confirmed'> & { readonly at: string; readonly eventId: string };
  readonly callBacks: ReadonlyArray<DataOf<'ticket.calledBack'> & { readonly at: string }>;
  readonly closings: readonly string[];
  readonly reopenings: readonly string[];
  readonly reviewed?: { readonly at: string };

  /** By the instant as it was noted, for those that a clock noted which was off or not sure. */
  readonly clockDoubts: Readonly<Record<string, ClockDoubt>>;

  readonly consents: ReadonlyArray<
    DataOf<'ticket.consented'> & { readonly at: string; readonly eventId: string }
  >;
  readonly evidence: readonly Evidence[];
  readonly taken: readonly TakenPart[];
  readonly swaps: readonly Swap[];
  /** Scopes besides the home scope that get the ticket: `user/<id>`, `region/<id>`. */
  readonly sharedWith: readonly string[];
}

/** The ticket of which nothing is known yet. */
export function unknownTicket(id: string): TicketState {
  return {
    id,
    scope: '',
    isOpened: false,
    needsUpdate: false,
    number: '',
    customerId: '',
    siteId: '',
    channel: 'hotline',
    occurredAt: '',
    openedAt: '',
    openedBy: '',
    fields: {},
    work: 'new',
    steps: {},
    gradings: [],
    tier: 'L1',
    pauses: [],
    callBacks: [],
    closings: [],
    reopenings: [],
    clockDoubts: {},
    consents: [],
    evidence: [],
    taken: [],
    swaps: [],
    sharedWith: [],
  };
}

/** The present value of an editable field, `''` when it was never set. */
export function fieldOf(ticket: TicketState, field: EditableField): string {
  return ticket.fields[field]?.value ?? '';
}

export function causeCodeOf(ticket: TicketState): CauseCode | undefined {
  const value = fieldOf(ticket, 'causeCode');
  return value === '' ? undefined : (value as CauseCode);
}
