import type { EndedAs, Grade, WaitingReason } from './facts.ts';

interface Params {
  /** No grade has been given, so no target is known. */
  notGraded: Record<string, never>;
  /** The policy makes no such promise for the grade. */
  notPromised: { grade: Grade };
  /** The promise begins with another fact that has not happened. */
  waitsFor: { fact: 'restored' | 'resolved' };
  /** What the clock measures by. */
  measuredBy: { grade: Grade; targetMs: number; calendarId: string };
  /** The grade changed; start and earlier pauses were kept (S5). */
  regraded: { at: number; from: Grade; to: Grade };
  /** The promise was broken under an earlier grade; the later one does not undo it (S5). */
  breachKept: { brokenUnder: Grade; grade: Grade; due: number };
  /** A pause that ended, with the working time it saved. */
  paused: {
    reason: WaitingReason;
    from: number;
    to: number;
    countedMs: number;
    evidence?: string | undefined;
  };
  /** The pause that holds the clock now; `to` only where its end is already known. */
  pausedNow: {
    reason: WaitingReason;
    from: number;
    to?: number | undefined;
    countedMs: number;
    evidence?: string | undefined;
  };
  /** The ticket was closed in between; that time is left out (S6). */
  closedTime: { from: number; to: number; countedMs: number };
  /** Reopened too late to go on: the promise was made anew at `at` (S6). */
  madeAnew: { at: number; reopenDays: number };
  /** The clock stands still because nobody works now. */
  outsideWorkingTime: { resumesAt: number };
  /** Kept or done late at `at`; `lateMs` is working time. */
  fulfilled: { at: number; lateMs: number };
  /** Not done by its due time. */
  overdue: { due: number };
  /** The deciding time is uncertain, and the due time lies within. */
  withinUncertainty: { earliestDue: number; latestDue: number };
  /** The fix is declared done and the customer has yet to confirm it. */
  awaitsConfirmation: Record<string, never>;
  /** The ticket ended another way. */
  ended: { at: number; as: EndedAs };
  /** The calendar holds too little working time for the target. */
  neverDue: { calendarId: string };
}

/**
 * One sentence of a clock's account of itself. The screen translates `code` and
 * fills in `params`; instants are epoch milliseconds, lengths end in `Ms`.
 */
export type Explanation = {
  [Code in keyof Params]: { readonly code: Code; readonly params: Params[Code] };
}[keyof Params];

export type ExplanationCode = keyof Params;
