/** Bytes that arrived, each with its moment (monotonic): the last seconds of a transfer. */
export interface RateMeter {
  readonly samples: readonly { readonly atMs: number; readonly bytes: number }[];
  /** What was measured last, also after the window has emptied. */
  readonly lastBytesPerSecond: number | null;
}

export const NEW_METER: RateMeter = { samples: [], lastBytesPerSecond: null };

/** Long enough to be calm, short enough to follow a train into a tunnel. */
const WINDOW_MS = 10_000;
/** Two packets behind each other say nothing about a rate. */
const SHORTEST_MS = 500;

/** Takes in bytes that have just arrived. */
export function withBytes(meter: RateMeter, atMs: number, bytes: number): RateMeter {
  const samples = [...meter.samples.filter((one) => one.atMs > atMs - WINDOW_MS), { atMs, bytes }];
  return { samples, lastBytesPerSecond: rateOf(samples, atMs) ?? meter.lastBytesPerSecond };
}

/** Bytes a second over the last seconds; it falls to 0 when nothing comes, and is `null` before it can be told. */
export function bytesPerSecond(meter: RateMeter, nowMs: number): number | null {
  const recent = meter.samples.filter((one) => one.atMs > nowMs - WINDOW_MS);
  if (recent.length === 0) return meter.samples.length === 0 ? null : 0;
  return rateOf(recent, nowMs);
}

/** Seconds until so many bytes are through; `null` when no rate is known or nothing moves. */
export function secondsLeft(bytes: number, rate: number | null): number | null {
  return rate === null || rate <= 0 ? null : Math.ceil(Math.max(0, bytes) / rate);
}

function rateOf(samples: RateMeter['samples'], nowMs: number): number | null {
  const [first, ...rest] = samples;
  if (first === undefined) return null;
  const spanMs = nowMs - first.atMs;
  if (spanMs < SHORTEST_MS) return null;
  // The first sample's bytes came before the span began.
  return (rest.reduce((sum, one) => sum + one.bytes, 0) * 1000) / spanMs;
}
