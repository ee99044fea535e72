/** A stretch of time in epoch milliseconds, `to` excluded; Infinity is a stretch that has not ended. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The same moments as disjoint, sorted stretches: overlapping and touching ones unite, empty ones vanish (S4). */
export function unite(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.filter((interval) => interval.to > interval.from).sort((a, b) => a.from - b.from);
  const united: Interval[] = [];
  for (const interval of sorted) {
    const last = united.at(-1);
    if (last !== undefined && interval.from <= last.to) {
      united[united.length - 1] = { from: last.from, to: Math.max(last.to, interval.to) };
    } else united.push(interval);
  }
  return united;
}
