import type { EventWithStanding } from '../../db/store.ts';

/** Facts that come together are written one after the other; that is no lateness. */
const TOGETHER_MS = 1000;

/**
 * Which facts arrived here after others that happened later (T10).
 * `events` stand in the order they happened; the answer holds event ids.
 */
export function lateArrivals(events: readonly EventWithStanding[]): ReadonlySet<string> {
  const late = new Set<string>();
  let earliestAfter = Infinity;
  for (const { event, arrivedAt } of events.toReversed()) {
    if (arrivedAt > earliestAfter + TOGETHER_MS) late.add(event.id);
    earliestAfter = Math.min(earliestAfter, arrivedAt);
  }
  return late;
}
