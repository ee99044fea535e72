import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstAt, SMALLEST_THUMB_PX, thumbFor } from './scroll-mapping.ts';

const place = fc
  .record({
    total: fc.integer({ min: 2, max: 2 ** 40 }),
    shown: fc.integer({ min: 1, max: 5000 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .filter(({ total, shown }) => shown < total)
  .map(({ total, shown, part }) => ({ total, shown, first: Math.round((total - shown) * part) }));
const track = fc.integer({ min: SMALLEST_THUMB_PX + 1, max: 3000 });

describe('the thumb of a log', () => {
  it('stays on its track and can be hit, whatever the size of the log', () => {
    fc.assert(
      fc.property(place, track, (where, trackPx) => {
        const thumb = thumbFor(where, trackPx);
        expect(thumb).toBeDefined();
        expect(thumb!.heightPx).toBeGreaterThanOrEqual(SMALLEST_THUMB_PX);
        expect(thumb!.topPx).toBeGreaterThanOrEqual(0);
        expect(thumb!.topPx + thumb!.heightPx).toBeLessThanOrEqual(trackPx + 1e-9);
      }),
    );
  });

  it('leads back to the place it stands for', () => {
    fc.assert(
      fc.property(place, track, (where, trackPx) => {
        const thumb = thumbFor(where, trackPx)!;
        if (trackPx - thumb.heightPx < 1) return;
        // Doubles keep 15 digits: a terabyte is met to the byte or next to it.
        expect(Math.abs(firstAt(thumb.topPx, where, trackPx) - where.first)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reaches both ends and goes one way only', () => {
    fc.assert(
      fc.property(
        place,
        track,
        fc.array(fc.double({ min: -50, max: 3050, noNaN: true }), { minLength: 2 }),
        (where, trackPx, pixels) => {
          expect(firstAt(-5, where, trackPx)).toBe(0);
          const thumb = thumbFor(where, trackPx)!;
          if (trackPx - thumb.heightPx > 0)
            expect(firstAt(trackPx, where, trackPx)).toBe(where.total - where.shown);
          const firsts = pixels.sort((a, b) => a - b).map((px) => firstAt(px, where, trackPx));
          expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('is not there when everything is on the screen', () => {
    expect(thumbFor({ first: 0, shown: 10, total: 10 }, 200)).toBeUndefined();
    expect(thumbFor({ first: 0, shown: 0, total: 0 }, 200)).toBeUndefined();
  });
});
