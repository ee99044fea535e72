/**
 * asciicast v3, the file format of our terminal recordings: one JSON header line, then one line an
 * event `[interval in seconds, code, data]`, the interval counted from the event before it.
 * Source: https://docs.asciinema.org/manual/asciicast/v3
 */

/** Output, resize, marker, exit: the events we write. Typed input ("i") is known to readers only. */
export type CastCode = 'o' | 'r' | 'm' | 'x' | 'i';

export interface CastHeader {
  readonly version: 3;
  readonly term: { readonly cols: number; readonly rows: number; readonly type?: string };
  /** Seconds since 1970, when the recording began. */
  readonly timestamp: number;
  readonly title?: string;
  readonly tags?: readonly string[];
}

export interface CastEvent {
  /** Milliseconds since the event before it, whole. */
  readonly intervalMs: number;
  readonly code: CastCode;
  readonly data: string;
}

/** The first line of a recording, with its line end. */
export function encodeHeader(header: Omit<CastHeader, 'version'>): string {
  return `${JSON.stringify({ version: 3, ...header })}\n`;
}

/** One event line, with its line end. The interval is written with the format's millisecond precision. */
export function encodeEvent(event: CastEvent): string {
  return `[${(event.intervalMs / 1000).toFixed(3)}, "${event.code}", ${JSON.stringify(event.data)}]\n`;
}

/** The data of a resize event. */
export function encodeSize(cols: number, rows: number): string {
  return `${cols}x${rows}`;
}

/**
 * Turns points in time into the whole-millisecond intervals of the format. What rounding left over is
 * carried to the next event, so the recording never drifts from the clock that was given.
 */
export class IntervalClock {
  #writtenMs: number;

  constructor(startedAtMs: number) {
    this.#writtenMs = Math.round(startedAtMs);
  }

  /** Milliseconds since the event before; 0 when the clock went back. */
  next(nowMs: number): number {
    const now = Math.round(nowMs);
    const interval = Math.max(0, now - this.#writtenMs);
    this.#writtenMs += interval;
    return interval;
  }
}
