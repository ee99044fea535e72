/** One question to the server about its time, and what this computer's clocks said around it. */
export interface ClockReading {
  readonly serverMs: number;
  /** Wall clock when the answer was here. */
  readonly wallMs: number;
  /** Monotonic clock when the question left, and when the answer was here. */
  readonly sentMonotonicMs: number;
  readonly monotonicMs: number;
}

export interface ClockSample {
  /** Server minus device. */
  readonly offsetMs: number;
  /** Half the round trip: the server read its clock somewhere in it. */
  readonly halfTripMs: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
}
export type ClockSamples = readonly ClockSample[];

export interface MeasuredClock {
  readonly offsetMs: number;
  /** The truth lies within this of `offsetMs`. */
  readonly uncertaintyMs: number;
  /** By the device's wall clock. */
  readonly measuredMs: number;
}

/** Enough that a good round trip is among them, few enough that an old day's is not. */
const KEPT = 8;
/** Quartz clocks of two computers drift apart by less than this (100 parts in a million: 8.6 s a day). */
const DRIFT = 100 / 1_000_000;
/** A wall clock that moved against the monotonic one by more was set, or the computer slept. Time services slew by less. */
const JUMP_MS = 500;

/** Takes in one reading. Those from before the clock was set go. */
export function withReading(samples: ClockSamples, reading: ClockReading): ClockSamples {
  const { serverMs, wallMs, sentMonotonicMs, monotonicMs } = reading;
  if (!Number.isFinite(serverMs)) return samples;
  const halfTripMs = Math.max(0, monotonicMs - sentMonotonicMs) / 2;
  const sample = { offsetMs: serverMs + halfTripMs - wallMs, halfTripMs, wallMs, monotonicMs };
  const valid = hasJumped(samples, wallMs, monotonicMs) ? [] : samples;
  if (valid.length < KEPT) return [...valid, sample];
  // The worst goes, so that one good round trip outlives a slow afternoon until drift has eaten it.
  const all = [...valid, sample];
  const worst = all.reduce((a, b) => (boundOf(a, monotonicMs) >= boundOf(b, monotonicMs) ? a : b));
  return all.filter((one) => one !== worst);
}

/** Whether the wall clock was set (or stood still in sleep) since the last sample. */
export function hasJumped(samples: ClockSamples, wallMs: number, monotonicMs: number): boolean {
  const last = samples.at(-1);
  return last !== undefined && Math.abs(jumpMs(last, wallMs, monotonicMs)) > jumpBound(last, monotonicMs);
}

/** The best of the samples now: the one with the smallest bound, which grows with its age. */
export function measuredClock(samples: ClockSamples, monotonicMs: number): MeasuredClock | null {
  const [first, ...rest] = samples;
  if (first === undefined) return null;
  const best = rest.reduce((a, b) => (boundOf(b, monotonicMs) < boundOf(a, monotonicMs) ? b : a), first);
  return {
    offsetMs: best.offsetMs,
    uncertaintyMs: boundOf(best, monotonicMs),
    measuredMs: best.wallMs,
  };
}

/** How old the youngest sample is; infinite without one. */
export function sampleAgeMs(samples: ClockSamples, monotonicMs: number): number {
  const last = samples.at(-1);
  return last === undefined ? Number.POSITIVE_INFINITY : monotonicMs - last.monotonicMs;
}

/** How far the wall clock has moved beyond the monotonic one since a moment. */
export function jumpMs(
  since: { readonly wallMs: number; readonly monotonicMs: number },
  wallMs: number,
  monotonicMs: number,
): number {
  return wallMs - since.wallMs - (monotonicMs - since.monotonicMs);
}

/** What slewing and drift explain by then. */
export function jumpBound(since: { readonly monotonicMs: number }, monotonicMs: number): number {
  return JUMP_MS + Math.max(0, monotonicMs - since.monotonicMs) * DRIFT * 6;
}

/** How much an offset may have drifted in so many milliseconds. */
export const driftMs = (ageMs: number): number => Math.max(0, ageMs) * DRIFT;

function boundOf({ halfTripMs, monotonicMs: then }: ClockSample, monotonicMs: number): number {
  // Servers tell whole milliseconds.
  return halfTripMs + 1 + driftMs(monotonicMs - then);
}
