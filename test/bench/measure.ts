/** One measured row. Times are better when small, rates when large; `ratio` says it either way round. */
export interface BenchCase {
  /** Named after the peer it runs against, where there is one. */
  readonly name: string;
  /** Median of our side, in `unit`. */
  readonly ours: number;
  /** Median of the peer, in `unit`. */
  readonly peer?: number;
  /** More than 1 means ahead of the peer: peer/ours for times, ours/peer for rates. */
  readonly ratio?: number;
  readonly unit: string;
  /** Runs of each side. */
  readonly n: number;
  /** Largest minus smallest run of our side, in `unit`. */
  readonly spread: number;
}

export interface BenchResult {
  readonly name: string;
  readonly cases: readonly BenchCase[];
}

/** The middle value; the mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The value below which `part` (0…1) of the values lie: nearest rank. NaN for none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Largest minus smallest. NaN for none. */
export function spread(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.max(...values) - Math.min(...values);
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Runs several sides in turn, `rounds` times, the order turned by one in each
 * round: what the machine does beside falls on all of them alike. Each side
 * returns its own measure (a time, a rate); the first round warms up and is not kept.
 */
export async function interleave<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<number> | number>>,
): Promise<Record<Side, number[]>> {
  const names = Object.keys(sides) as Side[];
  const kept = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Side, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      if (name === undefined) continue;
      const value = await sides[name]();
      if (round > 0) kept[name].push(value);
    }
  }
  return kept;
}

/**
 * A row from the runs of both sides.
 * @param better `less` for times and sizes, `more` for rates.
 */
export function compare(
  name: string,
  unit: string,
  better: 'less' | 'more',
  ours: readonly number[],
  peer?: readonly number[],
): BenchCase {
  const own = median(ours);
  const row = { name, ours: own, unit, n: ours.length, spread: spread(ours) };
  if (peer === undefined) return row;
  const other = median(peer);
  return { ...row, peer: other, ratio: better === 'less' ? other / own : own / other };
}
