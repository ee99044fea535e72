import { afterEach, expect, it, vi } from 'vitest';
import { noteClock, presentMs } from './present-time.ts';

const YEARS = 56 * 365 * 86_400_000;

afterEach(() => {
  vi.restoreAllMocks();
  noteClock({ offsetMs: 0, uncertaintyMs: 0 });
});

it('[S11] the present is that of the server where the clock of this laptop is another', () => {
  for (const offsetMs of [YEARS, -YEARS, 90_000]) {
    noteClock({ offsetMs, uncertaintyMs: 20 });
    expect(Math.abs(presentMs() - Date.now() - offsetMs)).toBeLessThan(1_000);
    // Between two measurements the last one holds.
    noteClock(null);
    expect(Math.abs(presentMs() - Date.now() - offsetMs)).toBeLessThan(1_000);
  }
});

it('[S11] a clock that is as good as right is left alone', () => {
  noteClock({ offsetMs: 900, uncertaintyMs: 20 });
  expect(Math.abs(presentMs() - Date.now())).toBeLessThan(100);
  noteClock({ offsetMs: 5_000, uncertaintyMs: 30_000 });
  expect(Math.abs(presentMs() - Date.now())).toBeLessThan(100);
});

/** The wall clock of this computer from now on; the monotonic one goes on as it does. */
function setClock(byMs: number): void {
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
}

it.each([
  ['put right: nothing is added any more', YEARS, YEARS + 20_000, YEARS + 20_000],
  ['put right by a few minutes', 300_000, 301_000, 301_000],
  ['set back: the time since the measurement is known all the same', 0, -3_600_000, 0],
  ['ahead as after a sleep: it is still off by as much', YEARS, 8 * 3_600_000, YEARS + 8 * 3_600_000],
])('[S11] a clock that was moved while nobody could be asked, %s', (_, offsetMs, byMs, presentBy) => {
  const measured = { offsetMs, uncertaintyMs: 20, measuredAt: `2026-05-04T08:00:00.${offsetMs % 1000}Z` };
  noteClock(measured);
  const before = Date.now();
  setClock(byMs);
  // The same measurement, told once more after the clock was moved.
  noteClock(measured);
  expect(Math.abs(presentMs() - before - presentBy)).toBeLessThan(1_000);
});
