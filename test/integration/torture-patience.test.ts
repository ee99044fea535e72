import { describe, expect, test } from 'vitest';
import { Patience } from '#test/torture/patience.ts';

const LIMITS = { withoutProgressMs: 100, inAllMs: 1_000 };

/** When patience ended, asked every ten milliseconds what is left. */
function endOf(leftAt: (ms: number) => number | undefined): number | undefined {
  const patience = new Patience(LIMITS, 0);
  for (let ms = 0; ms <= 2_000; ms += 10) {
    const left = leftAt(ms);
    if (left === 0) return undefined;
    if (patience.isOver(ms, left)) return ms;
  }
  throw new Error('Patience never ended.');
}

describe('the patience of torture', () => {
  test('[TO4] waits for what comes nearer to its end', () => {
    expect(endOf((ms) => Math.max(0, 900 - ms))).toBe(undefined);
  });

  test('[TO4] ends over what stands still, from the beginning or later', () => {
    expect(endOf(() => 5)).toBe(110);
    expect(endOf((ms) => Math.max(5, 300 - ms))).toBe(410);
  });

  test('[TO4] ends over what goes round in a circle, and over who does not answer', () => {
    expect(endOf((ms) => 10 + ((ms / 10) % 3))).toBe(110);
    expect(endOf(() => undefined)).toBe(110);
  });

  test('[TO4] ends over what creeps for ever', () => {
    expect(endOf((ms) => 1_000_000 - ms)).toBe(1_010);
  });
});
