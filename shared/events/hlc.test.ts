import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatHlc, observe, parseHlc, tick, type Hlc } from './hlc.ts';

const clock = fc.record({
  ms: fc.integer({ min: 0, max: 10 ** 13 }),
  counter: fc.integer({ min: 0, max: 36 ** 4 - 1 }),
});
const wall = fc.integer({ min: 0, max: 10 ** 13 });

it('[EV1] a stamp sorts as text as it does in time', () => {
  const order = (a: Hlc, b: Hlc) => a.ms - b.ms || a.counter - b.counter;
  fc.assert(
    fc.property(clock, clock, (a, b) => {
      const texts = Math.sign(
        formatHlc(a, 'A') < formatHlc(b, 'A') ? -1 : formatHlc(a, 'A') > formatHlc(b, 'A') ? 1 : 0,
      );
      expect(texts).toBe(Math.sign(order(a, b)));
    }),
  );
});

it('[EV1] the next stamp is later than the last, whatever the wall clock says', () => {
  fc.assert(
    fc.property(clock, wall, (last, ms) => {
      expect(formatHlc(tick(last, ms), 'A') > formatHlc(last, 'A')).toBe(true);
    }),
  );
});

it('[EV1] after a stamp was seen, the next one is later than it, two days of skew or not', () => {
  fc.assert(
    fc.property(clock, clock, wall, (mine, seen, ms) => {
      expect(formatHlc(tick(observe(mine, seen), ms), 'A') > formatHlc(seen, 'A')).toBe(true);
    }),
  );
});

it('[EV1] a stamp survives being written and read', () => {
  fc.assert(
    fc.property(clock, (value) => {
      expect(parseHlc(formatHlc(value, 'SZ-03'))).toEqual({ ...value, device: 'SZ-03' });
    }),
  );
});
