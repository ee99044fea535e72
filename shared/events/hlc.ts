/**
 * Hybrid logical clock (Kulkarni et al., 2014): the wall clock where it moves
 * forward, a counter where it does not, the device as the last word. As text:
 * `<ms, 9 base-36 digits>-<counter, 4 base-36 digits>-<device>`, so that string
 * order is time order. Unlike others it never throws because a clock is far
 * off: a stamp from the future moves the counter, and the clock evidence on
 * the event tells what the wall clock was worth.
 */
export interface Hlc {
  readonly ms: number;
  readonly counter: number;
}

/**
 * The year 2500. No clock goes beyond: the nine digits end in the year 5188, and a stamp at their end would leave no
 * later one for anybody who has seen it.
 */
export const HORIZON_MS = Date.UTC(2500, 0, 1);

const MS_DIGITS = 9;
const COUNTER_DIGITS = 4;
const MAX_COUNTER = 36 ** COUNTER_DIGITS - 1;

/** The stamp of the next local event, later than `last` whatever `wallMs` says. */
export function tick(last: Hlc, wallMs: number): Hlc {
  const nowMs = Math.min(wallMs, HORIZON_MS);
  if (nowMs > last.ms) return { ms: nowMs, counter: 0 };
  if (last.counter < MAX_COUNTER) return { ms: last.ms, counter: last.counter + 1 };
  return { ms: last.ms + 1, counter: 0 };
}

/** The clock after a stamp of another device was seen: the later of the two. */
export function observe(last: Hlc, seen: Hlc): Hlc {
  if (seen.ms !== last.ms) return seen.ms > last.ms ? seen : last;
  return seen.counter > last.counter ? seen : last;
}

/** Text form, comparable as a string. */
export function formatHlc(clock: Hlc, device: string): string {
  const ms = clock.ms.toString(36).padStart(MS_DIGITS, '0');
  const counter = clock.counter.toString(36).padStart(COUNTER_DIGITS, '0');
  return `${ms}-${counter}-${device}`;
}

/** @throws Error if the text is not a stamp. */
export function parseHlc(text: string): Hlc & { device: string } {
  const match = /^([0-9a-z]{9})-([0-9a-z]{4})-(.+)$/.exec(text);
  if (match === null) throw new Error(`Not a stamp of the hybrid logical clock: ${text.slice(0, 40)}`);
  const [, ms = '', counter = '', device = ''] = match;
  return { ms: Number.parseInt(ms, 36), counter: Number.parseInt(counter, 36), device };
}
