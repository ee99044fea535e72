import { describe, expect, it } from 'vitest';
import { type Calendar, CalendarSchema } from './calendar.ts';
import { epochMs, targetMs } from './instants.ts';
import { SlaError } from './sla-error.ts';
import vectors from './vectors.json' with { type: 'json' };
import { dueAt, elapsed } from './working-time.ts';

const calendars: Record<string, Calendar> = Object.fromEntries(
  Object.entries(vectors.calendars).map(([id, calendar]) => [id, CalendarSchema.parse(calendar)]),
);
const cn = calendars.cn!;
const roundTheClock = calendars['24x7-utc8']!;

describe('the vectors', () => {
  for (const vector of vectors.cases) {
    const { start, target, pauses, wrong } = vector;
    const calendar = calendars[vector.calendar]!;

    it(`[S10] ${vector.id} is due at ${vector.due}`, () => {
      expect(dueAt({ calendar, start, target, pauses })).toBe(vector.due);
    });

    for (const [answer, mistake] of Object.entries(wrong)) {
      it(`[S10] ${vector.id} does not make the mistake: ${mistake}`, () => {
        expect(epochMs(dueAt({ calendar, start, target, pauses })!)).not.toBe(epochMs(answer));
      });
    }

    it(`[S10] ${vector.id} has used up exactly the target at the due time`, () => {
      expect(elapsed({ calendar, from: start, to: vector.due, pauses })).toBe(targetMs(target));
      expect(elapsed({ calendar, from: start, to: epochMs(vector.due) - 1000, pauses })).toBe(
        targetMs(target) - 1000,
      );
    });

    it(`[S10] ${vector.id} gives the same answer for pauses in any order and for epoch milliseconds`, () => {
      const reversed = pauses.toReversed().map(({ from, to }) => ({ from: epochMs(from), to: epochMs(to) }));
      expect(dueAt({ calendar, start: epochMs(start), target: targetMs(target), pauses: reversed })).toBe(
        vector.due,
      );
    });
  }
});

describe('pauses', () => {
  const start = '2025-09-16T09:00:00+08:00';

  it('[S4] leave no due time while the time runs into an open pause', () => {
    const pauses = [{ from: '2025-09-16T10:00:00+08:00' }];
    expect(dueAt({ calendar: cn, start, target: 'PT2H', pauses })).toBeUndefined();
    expect(elapsed({ calendar: cn, from: start, to: '2025-09-16T18:00:00+08:00', pauses })).toBe(3600_000);
  });

  it('[S4] do not matter when they open at or after the due time', () => {
    const due = '2025-09-16T11:00:00+08:00';
    expect(dueAt({ calendar: cn, start, target: 'PT2H', pauses: [{ from: due, to: null }] })).toBe(due);
  });

  it('[S4] cost nothing outside working time', () => {
    const pauses = [{ from: '2025-09-16T12:00:00+08:00', to: '2025-09-16T13:30:00+08:00' }];
    expect(dueAt({ calendar: cn, start, target: 'PT4H', pauses })).toBe('2025-09-16T14:30:00+08:00');
  });

  it('[S4] count only from the start on, and not at all when they end before they begin', () => {
    const pauses = [
      { from: '2025-09-16T08:00:00+08:00', to: '2025-09-16T09:30:00+08:00' },
      { from: '2025-09-16T11:00:00+08:00', to: '2025-09-16T10:00:00+08:00' },
    ];
    expect(dueAt({ calendar: cn, start, target: 'PT1H', pauses })).toBe('2025-09-16T10:30:00+08:00');
  });
});

describe('the edges', () => {
  it('[S10] is due at the end of a window rather than at the start of the next', () => {
    const start = '2025-09-16T09:00:00+08:00';
    expect(dueAt({ calendar: cn, start, target: 'PT3H', pauses: [] })).toBe('2025-09-16T12:00:00+08:00');
  });

  it('[S10] is due at the start when nothing is promised to take time', () => {
    const start = '2025-09-20T22:00:00+08:00';
    expect(dueAt({ calendar: cn, start, target: 'PT0S', pauses: [] })).toBe(start);
  });

  it('[S10] is never due by a calendar without working time', () => {
    const empty = { ...cn, week: {}, makeUpDays: {} };
    expect(
      dueAt({ calendar: empty, start: '2025-09-16T09:00:00+08:00', target: 'PT1S', pauses: [] }),
    ).toBeUndefined();
  });

  it('[S10] counts decades when a device clock began at 1970', () => {
    const to = '2025-09-16T00:00:00Z';
    expect(elapsed({ calendar: roundTheClock, from: 0, to, pauses: [] })).toBe(epochMs(to));
  });

  it('[S10] has elapsed nothing before its start', () => {
    const question = {
      calendar: cn,
      from: '2025-09-16T11:00:00+08:00',
      to: '2025-09-16T09:00:00+08:00',
      pauses: [],
    };
    expect(elapsed(question)).toBe(0);
  });

  it.each(['P1D', 'PT', '4H', 'PT-4H', '-PT4H', 'P1M', 'PT1.5H', ''])(
    '[S10] refuses %j as a target',
    (target) => {
      expect(() => dueAt({ calendar: cn, start: 0, target, pauses: [] })).toThrow(SlaError);
    },
  );

  it.each(['2025-09-16T09:00:00', 'yesterday', Number.NaN])(
    '[S8] refuses %j, which is no instant',
    (start) => {
      expect(() => dueAt({ calendar: cn, start, target: 'PT1H', pauses: [] })).toThrow(SlaError);
    },
  );
});
