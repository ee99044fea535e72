import type { EngineTiming } from './timing.ts';

export interface Pause {
  /** Failures in a row before this one. */
  readonly failures: number;
  /** Between 0 and 1; spreads the return of many laptops after an outage. */
  readonly random: number;
  /** What the server asked for. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * How long to wait after a failure: twice as long each time, between half and one and a half of that by chance. What the
 * server asks for is heeded up to a bound, and spread as well, or all who were asked together come back together.
 */
export function pauseMs({ failures, random, retryAfterMs = 0 }: Pause, timing: EngineTiming): number {
  const ours = Math.min(timing.firstPauseMs * 2 ** Math.min(failures, 30), timing.longestPauseMs);
  const asked = Math.min(retryAfterMs, timing.longestRetryAfterMs);
  return Math.max(ours * (0.5 + random), asked > 0 ? asked + ours * random : 0);
}
