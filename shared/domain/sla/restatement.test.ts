import { describe, expect, it } from 'vitest';
import type { CalendarVersion } from './calendar.ts';
import { clocks } from './clocks.ts';
import { compileCalendars } from './compiled-calendar.ts';
import { cnWorkingCalendar, defaultCalendars } from './default-calendars.ts';
import { defaultPolicy } from './default-policy.ts';
import { epochMs } from './instants.ts';
import { restatement, type TicketClocks } from './restatement.ts';
import { ticketOpened } from './ticket-facts.ts';

const now = epochMs('2025-09-18T10:00:00+08:00');
const tickets = {
  grave: ticketOpened('2025-09-16T09:00:00+08:00').graded('P1', '2025-09-16T09:05:00+08:00').facts,
  ordinary: ticketOpened('2025-09-17T09:00:00+08:00').graded('P3', '2025-09-17T09:05:00+08:00').facts,
};
const standing = (calendars: readonly CalendarVersion[]): TicketClocks[] =>
  Object.entries(tickets).map(([ticket, facts]) => ({
    ticket,
    clocks: clocks({ facts, policy: defaultPolicy, calendars: compileCalendars(calendars), now }),
  }));

describe('a changed calendar', () => {
  const withHoliday: CalendarVersion = {
    ...cnWorkingCalendar,
    version: 2,
    inForceFrom: '2025-09-18T00:00:00+08:00',
    holidays: [...cnWorkingCalendar.holidays, '2025-09-17', '2025-09-19'],
  };

  it('[S3] is shown as the deadlines it moves, and leaves the past as it was promised', () => {
    const due = (text: string): number => epochMs(text);
    // The 19th has become a holiday; the 17th has passed under the first version.
    expect(restatement(standing(defaultCalendars), standing([...defaultCalendars, withHoliday]))).toEqual([
      {
        ticket: 'ordinary',
        promise: 'resolve',
        from: { due: due('2025-09-23T18:00:00+08:00'), state: 'running' },
        to: { due: due('2025-09-24T18:00:00+08:00'), state: 'running' },
      },
    ]);
  });

  it('[S3] moves nothing where nothing differs', () => {
    expect(restatement(standing(defaultCalendars), standing(defaultCalendars))).toEqual([]);
  });
});
