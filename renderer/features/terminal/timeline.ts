import type { CastEvent } from '#shared/domain/recording/asciicast.ts';

/** A recording laid out for replay: when each event happens, in milliseconds of playing time. */
export interface Timeline {
  readonly events: readonly CastEvent[];
  /** Playing time of each event, never falling. */
  readonly atMs: readonly number[];
  readonly durationMs: number;
}

/** Lays out a recording; pauses longer than `longestPauseMs` are shortened to it. */
export function layOut(events: readonly CastEvent[], longestPauseMs = Infinity): Timeline {
  let at = 0;
  const atMs = events.map(({ intervalMs }) => (at += Math.min(intervalMs, longestPauseMs)));
  return { events, atMs, durationMs: at };
}

/** How many events have happened at this playing time. */
export function countAt({ atMs }: Timeline, ms: number): number {
  let low = 0;
  let high = atMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((atMs[middle] ?? Infinity) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The size a resize event names, `undefined` when it is nonsense. */
export function sizeOf(event: CastEvent): { cols: number; rows: number } | undefined {
  const [cols, rows] = event.data.split('x').map(Number);
  if (cols === undefined || rows === undefined) return undefined;
  return [cols, rows].every((count) => Number.isInteger(count) && count >= 1 && count <= 1000)
    ? { cols, rows }
    : undefined;
}
