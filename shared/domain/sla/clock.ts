import type { Explanation } from './explanation.ts';
import type { Grade, WaitingReason } from './facts.ts';
import type { PromiseName } from './policy.ts';

/**
 * - notStarted: not graded, not promised, or what it follows has not happened
 * - running, paused: still open, and not late
 * - met, breached: decided; a breached clock that is still open goes on counting
 * - disputed: the due time lies within the uncertainty of the recorded times
 * - stopped: the ticket ended otherwise, or the promise fell away, before it was late
 */
export type ClockState = 'notStarted' | 'running' | 'paused' | 'met' | 'breached' | 'disputed' | 'stopped';

/** A pause as a clock counted it. `countedMs` is working time that no earlier pause had already taken out. */
export interface CountedPause {
  readonly from: number;
  readonly to?: number | undefined;
  /** `closed`: the ticket was closed and reopened. */
  readonly reason: WaitingReason | 'closed';
  readonly evidence?: string | undefined;
  readonly countedMs: number;
}

/** What a promise was before a late reopening made it anew. */
export interface EarlierRound {
  readonly startedAt: number;
  readonly due?: number | undefined;
  readonly fulfilledAt?: number | undefined;
  readonly state: ClockState;
}

/** Where one promise of a ticket stands. Instants are epoch milliseconds; lengths are working milliseconds. */
export interface Clock {
  readonly promise: PromiseName;
  readonly state: ClockState;
  readonly startedAt?: number | undefined;
  /** The grade whose target decides: the one in force, or an earlier one under which the promise was broken. */
  readonly grade?: Grade | undefined;
  /** Absent while an open pause holds the clock, and where nothing is promised. */
  readonly due?: number | undefined;
  readonly fulfilledAt?: number | undefined;
  readonly elapsedMs: number;
  /** Target less elapsed, negative when late; absent once the clock is decided for good. */
  readonly remainingMs?: number | undefined;
  readonly targetMs?: number | undefined;
  /** Elapsed of target, 100 at the due time; not rounded. */
  readonly percentUsed: number;
  readonly pauses: readonly CountedPause[];
  readonly explanation: readonly Explanation[];
  readonly earlierRounds: readonly EarlierRound[];
}
