import type { EngineState, Main } from './state.ts';

/** Timers of a busy computer are late; by so much they are not. */
const GRACE_MS = 30_000;
/** Work that a reachable server has not taken for so long is worth a word. */
const LONG_MS = 3_600_000;
/** Without a network for a day is an ordinary day in the field; more is worth a word. */
const LONG_OFFLINE_MS = 24 * LONG_MS;

/** Where the engine waits for a person, and no timer runs. */
export function waitsForPerson({ at }: Main): boolean {
  return at === 'stopped' || at === 'paused' || at === 'needsLogin' || at === 'wiped';
}

/** Whether something that should have happened has not: the one thing that must not be possible. */
export function isWedged({ main, timers }: EngineState, monotonicMs: number): boolean {
  if (waitsForPerson(main)) return false;
  return timers.main === null || monotonicMs > timers.main.dueMonotonicMs + GRACE_MS;
}

/** What the watchdog says: since when something waits, and why. `reason` is a stable word that a screen translates. */
export interface Stuck {
  readonly sinceMs: number;
  readonly reason:
    | 'noAnswer'
    | 'noProgress'
    | 'wedged'
    | 'offlineByChoice'
    | 'needsLogin'
    | 'serverUnreachable'
    | 'notTaken';
}

/** Whether a person should hear that something waits. @param oldestMs when the oldest fact that waits was written. */
export function stuckWith(state: EngineState, oldestMs: number | null, nowMs: number): Stuck | null {
  if (state.stuck !== null) return state.stuck;
  if (oldestMs === null) return null;
  const age = nowMs - oldestMs;
  const { at } = state.main;
  const isAway = at === 'paused' || at === 'backingOff' || at === 'greeting' || at === 'stopped';
  if (age < (isAway ? LONG_OFFLINE_MS : LONG_MS)) return null;
  const reason =
    at === 'paused'
      ? 'offlineByChoice'
      : at === 'needsLogin'
        ? 'needsLogin'
        : isAway
          ? 'serverUnreachable'
          : 'notTaken';
  return { sinceMs: oldestMs, reason };
}
