import { afterEach, expect, it } from 'vitest';
import { noteClock, presentMs } from './present-time.ts';

const YEARS = 56 * 365 * 86_400_000;

afterEach(() => noteClock({ offsetMs: 0, uncertaintyMs: 0 }));

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
