import { describe, expect, it } from 'vitest';
import { waitAfter } from './login-throttle.ts';

describe('The wait after failed logins', () => {
  it('[SY55] is nothing at first, then doubles up to the longest', () => {
    const lane = { free: 3, firstWaitMs: 1000, longestWaitMs: 6000 };
    expect([1, 2, 3, 4, 5, 6, 7].map((count) => waitAfter(count, lane))).toEqual([
      0, 0, 1000, 2000, 4000, 6000, 6000,
    ]);
    expect(waitAfter(1_000_000, lane)).toBe(6000);
  });
});
