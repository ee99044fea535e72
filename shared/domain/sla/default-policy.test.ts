import * as chineseDays from 'chinese-days';
import { describe, expect, it } from 'vitest';
import { CalendarVersionSchema } from './calendar.ts';
import { compileCalendars } from './compiled-calendar.ts';
import { cnWorkingCalendar, defaultCalendars } from './default-calendars.ts';
import { defaultPolicy } from './default-policy.ts';
import { GRADES } from './facts.ts';
import { calendarIdFor, policyInForce, PolicySchema, PROMISES } from './policy.ts';

describe('the default calendars', () => {
  it('[S3] are calendars', () => {
    for (const calendar of defaultCalendars) expect(CalendarVersionSchema.parse(calendar)).toEqual(calendar);
  });

  it('[S3] know the holidays and make-up working days that were announced', () => {
    const isListed = (list: readonly string[]): readonly string[] => list.toSorted();
    const announced = chineseDays.getHolidaysInRange('2024-01-01', '2026-12-31', false);
    expect(isListed(cnWorkingCalendar.holidays)).toEqual(isListed(announced));
    for (const day of Object.keys(cnWorkingCalendar.makeUpDays)) {
      expect(chineseDays.isWorkday(day)).toBe(true);
      expect([0, 6]).toContain(new Date(`${day}T00:00:00Z`).getUTCDay());
    }
    const workdays = chineseDays.getWorkdaysInRange('2024-01-01', '2026-12-31', true);
    const onWeekends = workdays.filter((day) => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay()));
    expect(Object.keys(cnWorkingCalendar.makeUpDays).toSorted()).toEqual(onWeekends.toSorted());
  });
});

describe('the default policy', () => {
  it('[S2] is a policy whose calendars all exist', () => {
    expect(PolicySchema.parse(defaultPolicy)).toEqual(defaultPolicy);
    const book = compileCalendars(defaultCalendars);
    for (const promise of PROMISES) {
      for (const grade of GRADES) expect(book.has(calendarIdFor(defaultPolicy, promise, grade))).toBe(true);
    }
  });

  it('[S2] promises a report for P1 and P2 alone', () => {
    expect(GRADES.filter((grade) => defaultPolicy.targets[grade].report !== undefined)).toEqual(['P1', 'P2']);
  });

  it('[S7] escalates P1 and P2 at assignment', () => {
    const rule = defaultPolicy.ladder.find(({ when }) => when === 'assignment');
    expect(rule?.grades).toEqual(['P1', 'P2']);
  });
});

describe('versions of a policy', () => {
  const first = { ...defaultPolicy, inForceFrom: '2025-01-01T00:00:00Z' };
  const second = { ...defaultPolicy, version: 2, inForceFrom: '2025-06-01T00:00:00Z' };

  it('[S1] the one in force is the last that began, and the first for all time before', () => {
    expect(policyInForce([second, first], Date.UTC(2025, 4, 31))).toBe(first);
    expect(policyInForce([second, first], Date.UTC(2025, 5, 1))).toBe(second);
    expect(policyInForce([second, first], Date.UTC(2020, 0, 1))).toBe(first);
    expect(policyInForce([], 0)).toBeUndefined();
  });

  it('[S7] refuses two rungs of one name', () => {
    const rung = defaultPolicy.ladder[0]!;
    expect(PolicySchema.safeParse({ ...defaultPolicy, ladder: [rung, rung] }).success).toBe(false);
  });
});
