import * as fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { type Calendar, CalendarSchema, minuteOfDay, WEEK_DAYS } from './calendar.ts';
import { epochMs } from './instants.ts';
import { unite } from './interval.ts';
import vectors from './vectors.json' with { type: 'json' };
import { dueAt, elapsed } from './working-time.ts';

const MINUTE = 60_000;
const newYorkNights: Calendar = {
  zone: 'America/New_York',
  week: {
    sat: [['20:00', '32:00']],
    sun: [
      ['01:30', '02:30'],
      ['02:00', '05:00'],
    ],
    wed: [['22:00', '30:00']],
  },
  holidays: ['2025-11-05'],
  makeUpDays: { '2025-11-06': [['08:00', '12:00']] },
};
const calendar = fc.constantFrom<Calendar>(
  ...Object.values(vectors.calendars).map((plain) => CalendarSchema.parse(plain)),
  newYorkNights,
);

// From before the spring changes to after the autumn changes, holidays in between.
const FIRST = epochMs('2025-08-01T00:00:00Z');
const instant = fc.integer({ min: 0, max: 450 * 24 * 60 }).map((minutes) => FIRST + minutes * MINUTE);
const pause = fc
  .tuple(instant, fc.integer({ min: 0, max: 20 * 24 * 60 }))
  .map(([from, minutes]) => ({ from, to: from + minutes * MINUTE }));
const pauses = fc.array(pause, { maxLength: 6 });
const target = fc.integer({ min: 1, max: 100 * 60 }).map((minutes) => minutes * MINUTE);

/** Whether the half hour that begins here is worked, read off the wall clock without any of the tested code. */
function isWorked(calendar: Calendar, at: number): boolean {
  const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(calendar.zone);
  return [0, 1].some((daysAgo) => {
    const day = wall.toPlainDate().subtract({ days: daysAgo });
    const minute = wall.hour * 60 + wall.minute + daysAgo * 24 * 60;
    const weekly = calendar.holidays.includes(`${day}`)
      ? []
      : (calendar.week[WEEK_DAYS[day.dayOfWeek - 1]!] ?? []);
    const windows = calendar.makeUpDays[`${day}`] ?? weekly;
    return windows.some(([from, to]) => minuteOfDay(from) <= minute && minute < minuteOfDay(to));
  });
}

describe('working time', () => {
  it('[S3] is what somebody reads off the wall clock, half hour by half hour', () => {
    const halfHour = 30 * MINUTE;
    const first = fc.integer({ min: 0, max: 400 * 48 }).map((index) => FIRST + index * halfHour);
    // New York's windows are left out: their edges lie in the hours that change (see calendar.test.ts).
    const steady = fc.constantFrom(
      ...Object.values(vectors.calendars).map((plain) => CalendarSchema.parse(plain)),
    );
    fc.assert(
      fc.property(steady, first, fc.integer({ min: 1, max: 500 }), (calendar, from, count) => {
        const halfHours = Array.from({ length: count }, (_, index) => from + index * halfHour);
        const worked = halfHours.filter((at) => isWorked(calendar, at)).length;
        expect(elapsed({ calendar, from, to: from + count * halfHour, pauses: [] })).toBe(worked * halfHour);
      }),
      { numRuns: 60 },
    );
  });

  it('[S1] (V11) gives the same answer for any order of the pauses', () => {
    const shuffled = pauses.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(calendar, instant, target, shuffled, (calendar, start, target, [one, other]) => {
        const to = start + 40 * 24 * 60 * MINUTE;
        expect(dueAt({ calendar, start, target, pauses: other })).toBe(
          dueAt({ calendar, start, target, pauses: one }),
        );
        expect(elapsed({ calendar, from: start, to, pauses: other })).toBe(
          elapsed({ calendar, from: start, to, pauses: one }),
        );
      }),
    );
  });

  it('[S10] adds up over adjacent intervals', () => {
    fc.assert(
      fc.property(calendar, fc.tuple(instant, instant, instant), pauses, (calendar, instants, pauses) => {
        const [a, b, c] = instants.toSorted((x, y) => x - y) as [number, number, number];
        const first = elapsed({ calendar, from: a, to: b, pauses });
        const second = elapsed({ calendar, from: b, to: c, pauses });
        expect(elapsed({ calendar, from: a, to: c, pauses })).toBe(first + second);
      }),
    );
  });

  it('[S10] dueAt is the first instant by which the target has elapsed', () => {
    fc.assert(
      fc.property(calendar, instant, target, pauses, (calendar, start, target, pauses) => {
        const due = dueAt({ calendar, start, target, pauses })!;
        expect(elapsed({ calendar, from: start, to: due, pauses })).toBe(target);
        expect(elapsed({ calendar, from: start, to: epochMs(due) - 1, pauses })).toBe(target - 1);
      }),
    );
  });

  it('[S4] counts united pauses like the pauses themselves, and uniting twice changes nothing', () => {
    fc.assert(
      fc.property(calendar, instant, target, pauses, (calendar, start, target, pauses) => {
        const united = unite(pauses);
        expect(unite(united)).toEqual(united);
        expect(dueAt({ calendar, start, target, pauses: united })).toBe(
          dueAt({ calendar, start, target, pauses }),
        );
      }),
    );
  });

  it('[S1] never runs backwards, nor faster than time itself', () => {
    fc.assert(
      fc.property(calendar, instant, instant, instant, pauses, (calendar, from, one, other, pauses) => {
        const [sooner, later] = [Math.min(one, other), Math.max(one, other)];
        const grown =
          elapsed({ calendar, from, to: later, pauses }) - elapsed({ calendar, from, to: sooner, pauses });
        expect(grown).toBeGreaterThanOrEqual(0);
        expect(grown).toBeLessThanOrEqual(later - sooner);
      }),
    );
  });
});
