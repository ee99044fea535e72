import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClockSamples, hasJumped, measuredClock, sampleAgeMs, withReading } from './clock-offset.ts';

const T0 = Date.UTC(2026, 4, 4, 8);
const HOUR = 3_600_000;

/** A device whose clock is behind the server's by `lagMs`; the answer takes `out` and `back`. */
const ask = (samples: ClockSamples, monotonicMs: number, lagMs: number, out = 20, back = 20): ClockSamples =>
  withReading(samples, {
    serverMs: T0 + monotonicMs + out + lagMs,
    wallMs: T0 + monotonicMs + out + back,
    sentMonotonicMs: monotonicMs,
    monotonicMs: monotonicMs + out + back,
  });

describe('the offset of the clock', () => {
  test('[SY87] is exact when both ways take the same time, and says half the round trip otherwise', () => {
    const samples = ask([], 1_000, 5_000);
    expect(measuredClock(samples, 1_040)).toEqual({
      offsetMs: 5_000,
      uncertaintyMs: 21,
      measuredMs: T0 + 1_040,
    });
  });

  test('[SY87] is that of the shortest round trip, until it has aged', () => {
    let samples = ask([], 0, 5_000);
    samples = ask(samples, 60_000, 5_000, 900, 100);
    expect(measuredClock(samples, 61_000)?.offsetMs).toBe(5_000);
    samples = ask(samples, 4 * HOUR, 5_000, 300, 200);
    expect(measuredClock(samples, 4 * HOUR + 500)?.offsetMs).toBe(5_050);
    expect(sampleAgeMs(samples, 4 * HOUR + 1_500)).toBe(1_000);
  });

  test('[SY87] a good round trip outlives many bad ones', () => {
    let samples = ask([], 0, 5_000);
    for (let i = 1; i < 30; i++) samples = ask(samples, i * 1_000, 5_000, 700, 100);
    expect(samples).toHaveLength(8);
    expect(measuredClock(samples, 31_000)?.offsetMs).toBe(5_000);
  });

  test('[SY87] a clock that was set makes the earlier ones worthless; slewing does not', () => {
    const samples = ask([], 0, 5_000);
    expect(hasJumped(samples, T0 + HOUR + 40 + 400, HOUR + 40)).toBe(false);
    expect(hasJumped(samples, T0 + HOUR + 40 + 5_000, HOUR + 40)).toBe(true);
    expect(hasJumped(samples, T0 + HOUR + 40 - 5_000, HOUR + 40)).toBe(true);
    const set = withReading(samples, {
      serverMs: T0 + HOUR + 5_000,
      wallMs: T0 + HOUR + 5_020,
      sentMonotonicMs: HOUR,
      monotonicMs: HOUR + 40,
    });
    expect(set).toHaveLength(1);
    expect(measuredClock(set, HOUR + 40)?.offsetMs).toBe(0);
  });

  test('[SY87] nothing that a server says breaks it', () => {
    expect(ask([], 0, Number.NaN)).toEqual([]);
    expect(measuredClock([], 0)).toBe(null);
    expect(sampleAgeMs([], 0)).toBe(Number.POSITIVE_INFINITY);
  });

  test('[SY87] the truth always lies within what is left open', () => {
    const trip = fc.record({
      at: fc.integer({ min: 0, max: 3_600_000 }),
      out: fc.nat(4_000),
      back: fc.nat(4_000),
    });
    fc.assert(
      fc.property(fc.array(trip, { minLength: 1, maxLength: 20 }), fc.integer(), (trips, lag) => {
        let samples: ClockSamples = [];
        let now = 0;
        for (const { at, out, back } of trips.toSorted((a, b) => a.at - b.at)) {
          const sent = Math.max(now, at);
          now = sent + out + back;
          samples = ask(samples, sent, lag, out, back);
        }
        const { offsetMs, uncertaintyMs } = measuredClock(samples, now)!;
        expect(Math.abs(offsetMs - lag)).toBeLessThanOrEqual(uncertaintyMs);
      }),
    );
  });
});
