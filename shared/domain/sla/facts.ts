/** Grades from the gravest to the lightest. */
export const GRADES = ['P1', 'P2', 'P3', 'P4'] as const;
export type Grade = (typeof GRADES)[number];

/** What a ticket can wait for. */
export const WAITING_REASONS = [
  'customer',
  'supplier',
  'part',
  'access',
  'change-window',
  'third-party',
  'safety',
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

/**
 * An instant that was recorded. `at` is epoch milliseconds; `uncertaintyMs` is
 * how far the truth may lie on either side, absent where the clock was trusted.
 */
export interface Moment {
  readonly at: number;
  readonly uncertaintyMs?: number | undefined;
}

/** A grade given at an instant; the ticket has it until the next grading. */
export interface Grading extends Moment {
  readonly grade: Grade;
}

/** A stretch of waiting, epoch milliseconds; open while `to` is absent. `uncertaintyMs` holds for both ends. */
export interface Pause {
  readonly from: number;
  readonly to?: number | undefined;
  readonly reason: WaitingReason;
  /** What proves it, in words or as a reference: "mail of 10:02". */
  readonly evidence?: string | undefined;
  readonly uncertaintyMs?: number | undefined;
}

/** How a ticket can end without having been worked to its close. */
export type EndedAs = 'merged' | 'duplicate' | 'cancelled';

/**
 * All that the clocks need to know about a ticket. Lists may come in any order
 * and give the same clocks. A fact stamped later than `now` is still a fact.
 */
export interface SlaFacts {
  readonly openedAt: Moment;
  readonly gradings: readonly Grading[];
  readonly assignedAt?: Moment | undefined;
  /** First response to the customer. */
  readonly respondedAt?: Moment | undefined;
  readonly pauses: readonly Pause[];
  /** Service back for the first time. */
  readonly restoredAt?: Moment | undefined;
  /** Every time the permanent fix was declared done. */
  readonly resolvedAt: readonly Moment[];
  readonly closedAt: readonly Moment[];
  readonly reopenedAt: readonly Moment[];
  /** The customer confirmed that the fault is gone. */
  readonly confirmed: boolean;
  /** The fault analysis report was approved. */
  readonly reportDoneAt?: Moment | undefined;
  readonly calledBackAt?: Moment | undefined;
  readonly ended?: (Moment & { readonly as: EndedAs }) | undefined;
}
