import { describe, expect, test } from 'vitest';
import type { Clock } from '../journal/clock.ts';
import { type KeptClock, KnownClock, recallOffset } from './known-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const TRUTH = Date.parse('2026-05-04T08:00:00.000Z');

/** Measured on a laptop whose clock is slow by `offsetMs`, an hour after it was switched on. */
const kept = (offsetMs: number): KeptClock => ({
  offsetMs,
  uncertaintyMs: 30,
  wallMs: TRUTH - offsetMs,
  monotonicMs: HOUR,
  bootId: 'boot-1',
  measuredMs: TRUTH - offsetMs - MINUTE,
});

/** So much later, by the clocks of the laptop. */
const later = (of: KeptClock, wallMs: number, monotonicMs: number, bootId = of.bootId) => ({
  wallMs: of.wallMs + wallMs,
  monotonicMs: of.monotonicMs + monotonicMs,
  bootId,
});

describe('the offset of a run before', () => {
  test.each([56 * YEAR, -73 * YEAR, 3 * MINUTE])(
    '[SY87] holds while the computer runs on, as evidence too: %d ms',
    (offsetMs) => {
      const known = kept(offsetMs);
      for (const boot of ['boot-1', 'named anew by a system without names']) {
        const recalled = recallOffset(known, later(known, DAY, DAY, boot));
        expect(recalled).toMatchObject({ offsetMs, isEvidence: true, isFloor: false });
        expect(recalled?.uncertaintyMs).toBeGreaterThan(8_000);
        expect(recalled?.uncertaintyMs).toBeLessThan(9_000);
      }
    },
  );

  test('[SY87] is less certain by what the clock ran ahead: somebody may have put it right', () => {
    const known = kept(56 * YEAR);
    expect(recallOffset(known, later(known, 56 * YEAR + HOUR, HOUR))?.uncertaintyMs).toBeGreaterThan(
      56 * YEAR,
    );
    expect(recallOffset(known, later(known, 9 * HOUR, HOUR))?.uncertaintyMs).toBeLessThan(9 * HOUR);
  });

  test('[SY87] behind a restart of the computer is less certain by all that the clock went on, and no evidence', () => {
    const known = kept(-73 * YEAR);
    const recalled = recallOffset(known, later(known, 2 * DAY, -59 * MINUTE, 'boot-2'));
    expect(recalled).toMatchObject({ offsetMs: -73 * YEAR, isEvidence: false, isFloor: false });
    expect(recalled?.uncertaintyMs).toBeGreaterThanOrEqual(2 * DAY);
    expect(recalled?.uncertaintyMs).toBeLessThan(2 * DAY + MINUTE);
    // Three minutes slow, and right after the weekend: the time in between holds both.
    const slow = kept(3 * MINUTE);
    expect(recallOffset(slow, later(slow, 2 * DAY, -59 * MINUTE, 'boot-2'))?.uncertaintyMs).toBeGreaterThan(
      3 * MINUTE,
    );
  });

  test('[SY87] says nothing of a fast clock that was put right while the computer was off', () => {
    const known = kept(-73 * YEAR);
    expect(recallOffset(known, later(known, -73 * YEAR + DAY, -HOUR, 'boot-2'))).toBeUndefined();
  });

  test('[SY87] of a clock that begins anew at each start leaves what the server said last: so late it is at least', () => {
    const known = kept(56 * YEAR);
    const recalled = recallOffset(known, later(known, -HOUR + MINUTE, -HOUR + MINUTE, 'boot-2'));
    expect(recalled).toMatchObject({
      offsetMs: 56 * YEAR + HOUR - MINUTE,
      isFloor: true,
      isEvidence: false,
    });
    // Set back while the computer runs: the time since is known.
    expect(recallOffset(known, later(known, -DAY, HOUR))).toMatchObject({
      offsetMs: 56 * YEAR + DAY + HOUR,
      isFloor: true,
    });
  });
});

test('[SY87] a measurement is kept when it says something else, and else every few minutes', () => {
  const face = { nowMs: TRUTH, monotonicMs: HOUR };
  const clock: Clock = {
    nowMs: () => face.nowMs,
    monotonicMs: () => face.monotonicMs,
    bootId: 'boot-1',
    timeZone: () => 'UTC',
  };
  const written: KeptClock[] = [];
  const known = new KnownClock(clock, undefined, (one) => written.push(one));
  expect(known.shown).toBeNull();
  known.note({ offsetMs: MINUTE, uncertaintyMs: 20, measuredMs: TRUTH });
  known.note({ offsetMs: MINUTE + 10, uncertaintyMs: 20, measuredMs: TRUTH });
  expect(written).toHaveLength(1);
  known.note({ offsetMs: 2 * MINUTE, uncertaintyMs: 20, measuredMs: TRUTH });
  expect(written).toHaveLength(2);
  face.nowMs += 6 * MINUTE;
  face.monotonicMs += 6 * MINUTE;
  known.note({ offsetMs: 2 * MINUTE, uncertaintyMs: 20, measuredMs: TRUTH });
  expect(written).toHaveLength(3);
  expect(new KnownClock(clock, written.at(-1)).shown).toEqual({
    offsetMs: 2 * MINUTE,
    uncertaintyMs: 20,
    measuredAt: '2026-05-04T08:00:00.000Z',
  });
});

test('[SY87] a clock that began anew goes on from the last answer of the server', () => {
  const face = { nowMs: 5 * MINUTE, monotonicMs: MINUTE };
  const clock: Clock = {
    nowMs: () => face.nowMs,
    monotonicMs: () => face.monotonicMs,
    bootId: 'boot-2',
    timeZone: () => 'UTC',
  };
  const of = kept(TRUTH - DAY);
  const known = new KnownClock(clock, of);
  expect(known.evidence).toBeUndefined();
  const present = (): number => face.nowMs + (known.shown?.offsetMs ?? 0);
  expect(present()).toBe(TRUTH);
  face.nowMs += HOUR;
  face.monotonicMs += HOUR;
  expect(present()).toBe(TRUTH + HOUR);
  expect(known.shown).toMatchObject({ isFloor: true });
  known.note({ offsetMs: TRUTH + 9 * DAY, uncertaintyMs: 20, measuredMs: face.nowMs });
  expect(known.shown).not.toHaveProperty('isFloor');
});
