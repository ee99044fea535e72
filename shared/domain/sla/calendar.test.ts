import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { type Calendar, CalendarSchema, type CalendarVersion } from './calendar.ts';
import { compileCalendar, compileCalendars, nextWorkingStart, workingMs } from './compiled-calendar.ts';
import { epochMs } from './instants.ts';
import { wallClock, wallInstant } from './wall-clock.ts';

const HOUR = 3600_000;
const aCalendar = (parts: Partial<Calendar>): Calendar =>
  CalendarSchema.parse({ zone: 'Asia/Shanghai', week: {}, holidays: [], makeUpDays: {}, ...parts });
const hours = (calendar: Calendar, from: string, to: string): number =>
  workingMs(compileCalendar(calendar), epochMs(from), epochMs(to)) / HOUR;

describe('holidays and make-up working days', () => {
  it('[S3] a window that started on a working day goes on into a holiday', () => {
    const calendar = aCalendar({ week: { tue: [['22:00', '30:00']] }, holidays: ['2025-10-01'] });
    expect(hours(calendar, '2025-10-01T00:00:00+08:00', '2025-10-02T00:00:00+08:00')).toBe(6);
  });

  it('[S3] a holiday starts no window, not even one that would reach into a working day', () => {
    const calendar = aCalendar({ week: { wed: [['22:00', '30:00']] }, holidays: ['2025-10-01'] });
    expect(hours(calendar, '2025-10-01T00:00:00+08:00', '2025-10-03T00:00:00+08:00')).toBe(0);
  });

  it('[S3] a make-up working day wins over a holiday and replaces the windows of its day of the week', () => {
    const calendar = aCalendar({
      week: { wed: [['09:00', '18:00']] },
      holidays: ['2025-10-01'],
      makeUpDays: {
        '2025-10-01': [['10:00', '12:00']],
        '2025-10-08': [['10:00', '11:00']],
        '2025-10-15': [],
      },
    });
    expect(hours(calendar, '2025-10-01T00:00:00+08:00', '2025-10-02T00:00:00+08:00')).toBe(2);
    expect(hours(calendar, '2025-10-08T00:00:00+08:00', '2025-10-09T00:00:00+08:00')).toBe(1);
    expect(hours(calendar, '2025-10-15T00:00:00+08:00', '2025-10-16T00:00:00+08:00')).toBe(0);
  });

  it('[S3] windows that overlap, on one day or across midnight, unite', () => {
    const calendar = aCalendar({
      week: {
        mon: [
          ['13:00', '18:00'],
          ['09:00', '14:00'],
          ['22:00', '30:00'],
        ],
        tue: [['04:00', '08:00']],
      },
    });
    expect(hours(calendar, '2025-09-15T00:00:00+08:00', '2025-09-17T00:00:00+08:00')).toBe(9 + 10);
  });
});

describe('daylight saving', () => {
  const berlin = (from: string, to: string): Calendar =>
    aCalendar({ zone: 'Europe/Berlin', week: { sun: [[from, to]] } });
  const spring = ['2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z'] as const;
  const autumn = ['2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z'] as const;

  it('[S3] the day of the change has the hours it really has', () => {
    expect(hours(berlin('00:00', '24:00'), ...spring)).toBe(23);
    expect(hours(berlin('00:00', '24:00'), ...autumn)).toBe(25);
  });

  it('[S3] a window that begins or ends in the skipped hour begins or ends at the jump', () => {
    expect(hours(berlin('02:30', '06:00'), ...spring)).toBe(3);
    expect(hours(berlin('00:00', '02:30'), ...spring)).toBe(2);
    expect(hours(berlin('02:15', '02:45'), ...spring)).toBe(0);
  });

  it('[S3] a window that begins or ends in the repeated hour contains it twice', () => {
    expect(hours(berlin('02:30', '06:00'), ...autumn)).toBe(4.5);
    expect(hours(berlin('00:00', '02:30'), ...autumn)).toBe(3.5);
  });
});

describe('the short cut of a steady offset', () => {
  it.each(['Asia/Shanghai', 'Europe/Berlin', 'Africa/Casablanca', 'Australia/Lord_Howe', 'Pacific/Apia'])(
    '[S3] gives the instants that the rules of %s give',
    (zone) => {
      const first = Temporal.PlainDate.from('2011-12-01');
      for (let index = 0; index < 6000; index += 17) {
        const date = first.add({ days: index });
        const noon = date.toZonedDateTime({ timeZone: zone, plainTime: '12:00' }).epochMilliseconds;
        const instantOf = wallClock(zone, noon, noon + 24 * HOUR);
        for (const [minute, edge] of [
          [0, 'start'],
          [150, 'end'],
          [1440, 'end'],
          [2880, 'end'],
        ] as const) {
          expect(instantOf(date, minute, edge)).toBe(wallInstant(zone, date, minute, edge));
        }
      }
    },
  );
});

describe('versions of a calendar', () => {
  const version = (version: number, inForceFrom: string, from: string, to: string): CalendarVersion => ({
    ...aCalendar({ week: { tue: [[from, to]] } }),
    id: 'office',
    version,
    inForceFrom,
  });
  const noon = '2025-09-16T12:00:00+08:00';
  const book = compileCalendars([
    version(2, noon, '10:00', '20:00'),
    version(1, '2025-01-01T00:00:00+08:00', '08:00', '16:00'),
  ]);
  const office = book.get('office')!;

  it('[S3] each instant is measured by the version in force at that instant', () => {
    const [midnight, change, end] = ['2025-09-16T00:00:00+08:00', noon, '2025-09-17T00:00:00+08:00'].map(
      epochMs,
    );
    expect(workingMs(office, midnight!, change!)).toBe(4 * HOUR);
    expect(workingMs(office, change!, end!)).toBe(8 * HOUR);
  });

  it('[S3] the first version holds for all time before it', () => {
    expect(
      workingMs(office, epochMs('2020-09-15T00:00:00+08:00'), epochMs('2020-09-16T00:00:00+08:00')),
    ).toBe(8 * HOUR);
  });

  it('[S3] says when work resumes, and nothing while it goes on', () => {
    expect(nextWorkingStart(office, epochMs('2025-09-16T21:00:00+08:00'))).toBe(
      epochMs('2025-09-23T10:00:00+08:00'),
    );
    expect(nextWorkingStart(office, epochMs('2025-09-16T19:59:00+08:00'))).toBeUndefined();
    expect(nextWorkingStart(office, epochMs('2025-09-23T10:00:00+08:00'))).toBeUndefined();
  });
});

describe('the schema', () => {
  const good = { zone: 'Asia/Shanghai', week: { mon: [['20:00', '32:00']] }, holidays: [], makeUpDays: {} };

  it('[S3] takes a night shift of twelve hours', () => {
    expect(CalendarSchema.safeParse(good).success).toBe(true);
  });

  it.each([
    ['an unknown zone', { zone: 'Mars/Olympus' }],
    ['a window that ends before it starts', { week: { mon: [['22:00', '06:00']] } }],
    ['a window that starts after midnight', { week: { mon: [['24:00', '26:00']] } }],
    ['a time that is none', { week: { mon: [['09:60', '12:00']] } }],
    ['a time beyond the next day', { week: { mon: [['09:00', '48:30']] } }],
    ['a day that is none', { week: { monday: [] } }],
    ['a date that is none', { holidays: ['2026-02-30'] }],
    ['a make-up day that is none', { makeUpDays: { '2026-13-01': [] } }],
  ])('[S3] refuses %s', (_, part) => {
    expect(CalendarSchema.safeParse({ ...good, ...part }).success).toBe(false);
  });
});
