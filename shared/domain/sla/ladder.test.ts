import { describe, expect, it } from 'vitest';
import { compileCalendars } from './compiled-calendar.ts';
import { defaultCalendars } from './default-calendars.ts';
import { defaultPolicy } from './default-policy.ts';
import { epochMs } from './instants.ts';
import { ladder, nextRungAt, type Rung } from './ladder.ts';
import { type Policy } from './policy.ts';
import { type TicketFacts, ticketOpened } from './ticket-facts.ts';

const calendars = compileCalendars(defaultCalendars);
const HOUR = 3600_000;
const at = (time: string, day = 16): string => `2025-09-${day}T${time}:00+08:00`;
const ms = (time: string, day = 16): number => epochMs(at(time, day));
const rungsOf = (
  story: TicketFacts,
  now: string,
  fired: string[] = [],
  policy: Policy = defaultPolicy,
): Rung[] => ladder({ facts: story.facts, policy, calendars, now: epochMs(now), fired: new Set(fired) });
const rung = (rungs: readonly Rung[], key: string): Rung | undefined => rungs.find((one) => one.key === key);
const p1 = ticketOpened(at('09:00')).graded('P1', at('09:05')).assigned(at('09:06'));

describe('the ladder', () => {
  it('[S7] is a set of absolute instants, each with whom to tell and by what', () => {
    const rungs = rungsOf(p1, at('09:06'));
    const instants = Object.fromEntries(rungs.map(({ key, at }) => [key, at]));
    expect(instants).toMatchObject({
      assigned: ms('09:06'),
      'respond-50': ms('09:00') + 7.5 * 60_000,
      'restore-50': ms('11:00'),
      'restore-75': ms('12:00'),
      'restore-100': ms('13:00'),
      'restore-150': ms('15:00'),
    });
    expect(rung(rungs, 'restore-150')?.rule).toMatchObject({
      tell: ['serviceManager', 'director'],
      by: ['phone', 'email'],
    });
  });

  it('[S7] (V8) puts a rung into working time', () => {
    const story = ticketOpened('2025-09-15T17:00:00+08:00').graded('P3', '2025-09-15T17:00:00+08:00');
    const policy: Policy = {
      ...defaultPolicy,
      ladder: [
        { id: 'r', when: 'percent', promise: 'respond', percent: 75, tell: ['teamLead'], by: ['screen'] },
      ],
    };
    expect(rungsOf(story, '2025-09-15T17:30:00+08:00', [], policy)).toMatchObject([
      { at: ms('11:00'), state: 'waiting' },
    ]);
  });

  it('[S7] escalates P1 and P2 at assignment, and a P3 once it is raised', () => {
    const p3 = ticketOpened(at('09:00')).graded('P3', at('09:05')).assigned(at('09:06'));
    expect(rung(rungsOf(p3, at('09:07')), 'assigned')).toBeUndefined();
    const raised = rungsOf(p3.graded('P2', at('10:00')), at('10:00'));
    expect(rung(raised, 'assigned')).toMatchObject({ at: ms('10:00'), state: 'toFire', lateByMs: 0 });
  });

  it('[S7] after a long sleep each passed rung is to fire once, with how late it is', () => {
    const story = p1.responded(at('09:07'));
    const rungs = rungsOf(story, at('14:00'), ['assigned']);
    const toFire = rungs.filter(({ state }) => state === 'toFire');
    expect(toFire.map(({ key, lateByMs }) => [key, lateByMs / HOUR])).toEqual([
      ['restore-50', 3],
      ['restore-75', 2],
      ['restore-100', 1],
    ]);
    const again = rungsOf(story, at('14:00'), ['assigned', ...toFire.map(({ key }) => key)]);
    expect(again.filter(({ state }) => state === 'toFire')).toEqual([]);
  });

  it('[S7] fires no rung twice, even where a pause moves it ahead again', () => {
    const story = p1.waited({ from: at('09:30'), to: at('10:30'), reason: 'customer' });
    expect(rung(rungsOf(story, at('11:30'), ['restore-50']), 'restore-50')).toMatchObject({
      at: ms('12:00'),
      state: 'fired',
    });
  });

  it('[S7] waits without an instant while a pause holds the clock', () => {
    const held = rung(
      rungsOf(p1.waited({ from: at('10:00'), reason: 'customer' }), at('12:30')),
      'restore-75',
    );
    expect(held).toMatchObject({ state: 'waiting', lateByMs: 0 });
    expect(held?.at).toBeUndefined();
  });

  it('[S7] is moot from the moment on that the promise is kept or the ticket ends', () => {
    const kept = rungsOf(p1.restored(at('11:30')), at('18:00'));
    expect(rung(kept, 'restore-50')?.state).toBe('toFire');
    expect(rung(kept, 'restore-75')?.state).toBe('moot');
    expect(rung(rungsOf(p1.ended('merged', at('10:00')), at('18:00')), 'restore-50')?.state).toBe('moot');
  });

  it('[S7] climbs anew where a late reopening made the promise anew', () => {
    const story = p1.resolved(at('11:00')).closed(at('12:00')).reopened(at('09:00', 26));
    const rungs = rungsOf(story, at('10:00', 26), ['resolve-75']);
    expect(rung(rungs, `resolve-75@${ms('09:00', 26)}`)).toMatchObject({
      state: 'waiting',
      at: ms('15:00', 28),
    });
  });

  it('[S7] names the next instant for a timer', () => {
    expect(nextRungAt(rungsOf(p1.responded(at('09:07')), at('11:30')))).toBe(ms('12:00'));
    expect(nextRungAt([])).toBeUndefined();
  });

  it('[S7] has no rung before the first grading', () => {
    expect(rungsOf(ticketOpened(at('09:00')), at('10:00'))).toEqual([]);
  });
});
