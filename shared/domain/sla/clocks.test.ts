import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { clocks } from './clocks.ts';
import { compileCalendars } from './compiled-calendar.ts';
import { defaultCalendars } from './default-calendars.ts';
import { defaultPolicy } from './default-policy.ts';
import { epochMs } from './instants.ts';
import { type Policy, type PromiseName, PROMISES } from './policy.ts';
import { SlaError } from './sla-error.ts';
import { type TicketFacts, ticketOpened } from './ticket-facts.ts';

const calendars = compileCalendars(defaultCalendars);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

// Tuesday 16 September 2025, an ordinary working week.
const at = (time: string, day = 16): string => `2025-09-${day}T${time}:00+08:00`;
const ms = (time: string, day = 16): number => epochMs(at(time, day));

function clockOf(
  promise: PromiseName,
  story: TicketFacts,
  now: string,
  policy: Policy = defaultPolicy,
): Clock {
  const all = clocks({ facts: story.facts, policy, calendars, now: epochMs(now) });
  return all.find((clock) => clock.promise === promise)!;
}
const codes = (clock: Clock): string[] => clock.explanation.map(({ code }) => code);
const p1 = ticketOpened(at('09:00')).graded('P1', at('09:05'));
const p3 = ticketOpened(at('09:00')).graded('P3', at('09:05'));

describe('the five promises', () => {
  it('[S2] are always all five, in their order', () => {
    const names = (story: TicketFacts): string[] =>
      clocks({ facts: story.facts, policy: defaultPolicy, calendars, now: ms('10:00') }).map(
        ({ promise }) => promise,
      );
    expect(names(ticketOpened(at('09:00')))).toEqual(PROMISES);
    expect(names(p1)).toEqual(PROMISES);
  });

  it('[S1] do not start before the ticket is graded, and then count from its opening', () => {
    expect(clockOf('respond', ticketOpened(at('09:00')), at('10:00'))).toMatchObject({
      state: 'notStarted',
      explanation: [{ code: 'notGraded', params: {} }],
    });
    expect(clockOf('respond', p1, at('09:10'))).toMatchObject({
      state: 'running',
      startedAt: ms('09:00'),
      due: ms('09:15'),
      elapsedMs: 10 * MINUTE,
      remainingMs: 5 * MINUTE,
    });
  });

  it('[S2] restore and resolve are separate: the one is met while the other runs', () => {
    const story = p1.restored(at('11:00'));
    expect(clockOf('restore', story, at('15:00'))).toMatchObject({
      state: 'met',
      elapsedMs: 2 * HOUR,
      percentUsed: 50,
    });
    expect(clockOf('resolve', story, at('15:00'))).toMatchObject({ state: 'running', due: ms('09:00', 19) });
  });

  it('[S2] report starts when service is back, for P1 and P2 alone', () => {
    expect(codes(clockOf('report', p1, at('10:00')))).toEqual(['waitsFor']);
    expect(clockOf('report', p1.restored(at('11:00')), at('12:00'))).toMatchObject({
      state: 'running',
      startedAt: ms('11:00'),
      due: ms('11:00', 23),
    });
    expect(codes(clockOf('report', p3.restored(at('11:00')), at('12:00')))).toEqual(['notPromised']);
  });

  it('[S2] call-back starts when the ticket is resolved', () => {
    const story = p3.resolved(at('11:00'));
    expect(clockOf('callBack', p3, at('12:00')).state).toBe('notStarted');
    expect(clockOf('callBack', story, at('12:00'))).toMatchObject({
      state: 'running',
      startedAt: ms('11:00'),
    });
    expect(clockOf('callBack', story.calledBack(at('16:00')), at('17:00')).state).toBe('met');
  });

  it('[S2] a resolve counts as restore and response where neither was recorded', () => {
    const story = p3.resolved(at('11:00'));
    expect(clockOf('respond', story, at('12:00'))).toMatchObject({ state: 'met', fulfilledAt: ms('11:00') });
    expect(clockOf('restore', story, at('12:00'))).toMatchObject({ state: 'met', fulfilledAt: ms('11:00') });
  });

  it('[S2] kept at the very due time is kept, a millisecond later is not', () => {
    expect(clockOf('restore', p1.restored(at('13:00')), at('18:00')).state).toBe('met');
    expect(clockOf('restore', p1.restored(ms('13:00') + 1), at('18:00')).state).toBe('breached');
    expect(clockOf('restore', p1, at('13:00')).state).toBe('running');
  });

  it('[S2] a late promise goes on counting until it is done', () => {
    expect(clockOf('restore', p1, at('15:00'))).toMatchObject({
      state: 'breached',
      remainingMs: -2 * HOUR,
      percentUsed: 150,
    });
    const done = clockOf('restore', p1.restored(at('14:00')), at('15:00'));
    expect(done.remainingMs).toBeUndefined();
    expect(done.explanation.at(-1)).toEqual({ code: 'fulfilled', params: { at: ms('14:00'), lateMs: HOUR } });
  });

  it('[S2] a resolve that the customer has yet to confirm says so', () => {
    expect(codes(clockOf('resolve', p3.resolved(at('11:00')), at('12:00')))).toContain('awaitsConfirmation');
    expect(codes(clockOf('resolve', p3.resolved(at('11:00')).confirmed(), at('12:00')))).not.toContain(
      'awaitsConfirmation',
    );
  });

  it('[S3] says when work resumes', () => {
    const last = clockOf('resolve', p3, at('20:00')).explanation.at(-1);
    expect(last).toEqual({ code: 'outsideWorkingTime', params: { resumesAt: ms('09:00', 17) } });
  });

  it('[S3] refuses a policy that names an unknown calendar', () => {
    expect(() => clockOf('respond', p1, at('10:00'), { ...defaultPolicy, calendars: 'moon' })).toThrow(
      SlaError,
    );
  });
});

describe('pauses', () => {
  const waiting = p1.waited({
    from: at('10:00'),
    to: at('11:30'),
    reason: 'customer',
    evidence: 'mail of 10:02',
  });

  it('[S4] move the due time and are told with their reason and evidence', () => {
    const clock = clockOf('restore', waiting, at('12:00'));
    const pause = { reason: 'customer', from: ms('10:00'), to: ms('11:30'), countedMs: 90 * MINUTE };
    expect(clock).toMatchObject({
      state: 'running',
      due: ms('14:30'),
      elapsedMs: 90 * MINUTE,
      pauses: [pause],
    });
    expect(clock.explanation).toContainEqual({
      code: 'paused',
      params: { ...pause, evidence: 'mail of 10:02' },
    });
  });

  it('[S4] hold the clock while they are open, with no due time', () => {
    const clock = clockOf('restore', p1.waited({ from: at('10:00'), reason: 'access' }), at('12:00'));
    expect(clock).toMatchObject({ state: 'paused', elapsedMs: HOUR, remainingMs: 3 * HOUR });
    expect(clock.due).toBeUndefined();
    expect(codes(clock)).toContain('pausedNow');
  });

  it('[S4] pause only the promises that the policy lets them pause', () => {
    const story = p1.waited({ from: at('09:01'), to: at('12:00'), reason: 'part' });
    expect(clockOf('restore', story, at('12:30'))).toMatchObject({ due: ms('13:00'), pauses: [] });
    expect(clockOf('resolve', story, at('12:30')).due).toBe(ms('11:59', 19));
  });

  it('[S4] share out an overlap once', () => {
    const clock = clockOf(
      'restore',
      waiting.waited({ from: at('11:00'), to: at('12:00'), reason: 'access' }),
      at('12:30'),
    );
    expect(clock.pauses.map(({ countedMs }) => countedMs)).toEqual([90 * MINUTE, 30 * MINUTE]);
    expect(clock).toMatchObject({ due: ms('15:00'), elapsedMs: 90 * MINUTE });
  });

  it('[S4] cannot heal a promise that was broken before they began', () => {
    const clock = clockOf('restore', p1.waited({ from: at('14:00'), reason: 'customer' }), at('15:00'));
    expect(clock).toMatchObject({ state: 'breached', due: ms('13:00') });
  });

  it('[S4] cost nothing outside working time', () => {
    const story = p3.waited({ from: at('18:00'), to: at('09:00', 17), reason: 'customer' });
    expect(clockOf('resolve', story, at('10:00', 17)).pauses).toMatchObject([{ countedMs: 0 }]);
  });
});

describe('a change of grade', () => {
  it('[S5] keeps the start and earlier pauses when the grade is raised (V4)', () => {
    const story = p3
      .waited({ from: at('10:00'), to: at('11:30'), reason: 'customer' })
      .graded('P1', at('14:00'));
    const clock = clockOf('restore', story, at('14:10'));
    expect(clock).toMatchObject({ state: 'running', startedAt: ms('09:00'), due: ms('14:30'), grade: 'P1' });
    expect(clock.explanation).toContainEqual({
      code: 'regraded',
      params: { at: ms('14:00'), from: 'P3', to: 'P1' },
    });
  });

  it('[S5] a response already made stays made', () => {
    const story = p3.responded(at('11:00')).graded('P1', at('14:00'));
    expect(clockOf('respond', story, at('15:00'))).toMatchObject({ state: 'met', grade: 'P3' });
  });

  it('[S5] a downgrade never un-breaches', () => {
    const story = p1.graded('P3', at('14:00'));
    const clock = clockOf('restore', story, at('14:10'));
    expect(clock).toMatchObject({ state: 'breached', grade: 'P1', due: ms('13:00') });
    expect(clock.explanation).toContainEqual({
      code: 'breachKept',
      params: { brokenUnder: 'P1', grade: 'P3', due: ms('13:00') },
    });
  });

  it('[S5] a downgrade in time gives the longer target from the original start', () => {
    const clock = clockOf('restore', p1.graded('P3', at('12:00')), at('15:00'));
    expect(clock).toMatchObject({
      state: 'running',
      grade: 'P3',
      startedAt: ms('09:00'),
      due: ms('18:00', 17),
    });
  });

  it('[S5] a promise that the new grade does not make stops, unless it was broken', () => {
    const story = p1.restored(at('11:00'));
    const { state } = clockOf('report', story.graded('P3', at('09:00', 17)), at('10:00', 30));
    expect(state).toBe('stopped');
    expect(clockOf('report', story.graded('P3', at('09:00', 29)), at('10:00', 30)).state).toBe('breached');
  });

  it('[S5] of two gradings at one instant the graver holds, in whichever order they came', () => {
    const one = ticketOpened(at('09:00')).graded('P1', at('09:05')).graded('P4', at('09:05'));
    const other = ticketOpened(at('09:00')).graded('P4', at('09:05')).graded('P1', at('09:05'));
    expect(clockOf('respond', one, at('09:10'))).toEqual(clockOf('respond', other, at('09:10')));
    expect(clockOf('respond', one, at('09:10')).grade).toBe('P1');
  });
});

describe('reopening', () => {
  const closed = p3.resolved(at('11:00')).closed(at('12:00'));

  it('[S6] within the days goes on without the time spent closed', () => {
    const story = closed.reopened(at('09:00', 18));
    const clock = clockOf('resolve', story, at('10:00', 18));
    expect(clock).toMatchObject({ state: 'running', startedAt: ms('09:00'), elapsedMs: 4 * HOUR });
    expect(clock.pauses).toMatchObject([{ reason: 'closed', countedMs: 12 * HOUR }]);
    expect(codes(clock)).toContain('closedTime');
    // 3 of 37.5 hours are used; four whole working days take 30 more, over a weekend.
    expect(clock.due).toBe(ms('15:00', 24));
  });

  it('[S6] undoes the resolution until it is resolved again', () => {
    const story = closed.reopened(at('09:00', 18)).resolved(at('16:00', 18));
    expect(clockOf('resolve', closed, at('10:00', 17)).state).toBe('met');
    expect(clockOf('resolve', story, at('10:00', 19))).toMatchObject({
      state: 'met',
      fulfilledAt: ms('16:00', 18),
    });
  });

  it('[S6] does not heal a resolve that was late', () => {
    const late = p3.resolved(at('16:00', 25)).closed(at('17:00', 25)).reopened(at('09:00', 26));
    expect(clockOf('resolve', late, at('10:00', 26))).toMatchObject({
      state: 'breached',
      due: ms('18:00', 22),
    });
  });

  it('[S6] after the days makes the promise anew and remembers the earlier one', () => {
    const story = closed.reopened(at('12:01', 23));
    const clock = clockOf('resolve', story, at('14:00', 23));
    expect(clock).toMatchObject({
      state: 'running',
      startedAt: ms('12:01', 23),
      earlierRounds: [{ startedAt: ms('09:00'), fulfilledAt: ms('11:00'), state: 'met' }],
    });
    expect(codes(clock)).toContain('madeAnew');
    expect(clockOf('resolve', closed.reopened(at('12:00', 23)), at('14:00', 23)).earlierRounds).toEqual([]);
  });

  it('[S6] without a close, because the customer refused the fix, excludes nothing', () => {
    const story = p3.resolved(at('11:00')).reopened(at('14:00'));
    expect(clockOf('resolve', story, at('15:00'))).toMatchObject({ state: 'running', elapsedMs: 4.5 * HOUR });
  });

  it('[S6] asks for another call-back once resolved again', () => {
    const story = closed.calledBack(at('11:30')).reopened(at('09:00', 18));
    expect(clockOf('callBack', story, at('10:00', 18)).state).toBe('notStarted');
    expect(clockOf('callBack', story.resolved(at('11:00', 18)), at('11:30', 18)).state).toBe('running');
  });

  it('[S6] leaves respond and restore as they were', () => {
    const story = closed.responded(at('09:30')).reopened(at('09:00', 18));
    expect(clockOf('respond', story, at('10:00', 18)).state).toBe('met');
    expect(clockOf('restore', story, at('10:00', 18))).toMatchObject({
      state: 'met',
      fulfilledAt: ms('11:00'),
    });
  });
});

describe('the end by another way', () => {
  it.each(['merged', 'duplicate', 'cancelled'] as const)('[S6] %s stops what was not late', (as) => {
    const story = p1.ended(as, at('10:00'));
    expect(clockOf('restore', story, at('20:00'))).toMatchObject({ state: 'stopped', elapsedMs: HOUR });
    expect(clockOf('report', story, at('20:00')).state).toBe('stopped');
  });

  it('[S6] leaves what was met or broken before as it was', () => {
    const story = p1.responded(at('09:10')).ended('merged', at('15:00'));
    expect(clockOf('respond', story, at('20:00')).state).toBe('met');
    expect(clockOf('restore', story, at('20:00')).state).toBe('breached');
  });
});

describe('uncertain times', () => {
  const TEN = 10 * MINUTE;

  it('[S9] a promise whose due time lies within the uncertainty is disputed, not broken', () => {
    const story = p1.restored(at('13:05'), TEN);
    expect(clockOf('restore', story, at('18:00'))).toMatchObject({ state: 'disputed', due: ms('13:00') });
    expect(clockOf('restore', p1.restored(at('12:55'), TEN), at('18:00')).state).toBe('disputed');
  });

  it('[S9] a promise outside the uncertainty is decided', () => {
    expect(clockOf('restore', p1.restored(at('13:11'), TEN), at('18:00')).state).toBe('breached');
    expect(clockOf('restore', p1.restored(at('12:50'), TEN), at('18:00')).state).toBe('met');
  });

  it('[S9] an uncertain opening makes the due time uncertain', () => {
    const story = ticketOpened(at('09:00'), TEN).graded('P1', at('09:05'));
    const clock = clockOf('restore', story, at('13:05'));
    expect(clock.state).toBe('disputed');
    expect(clock.explanation).toContainEqual({
      code: 'withinUncertainty',
      params: { earliestDue: ms('12:50'), latestDue: ms('13:10') },
    });
    expect(clockOf('restore', story, at('13:11')).state).toBe('breached');
  });

  it('[S9] an uncertain pause makes the due time uncertain by both its ends', () => {
    const pause = { from: at('10:00'), to: at('11:00'), reason: 'customer', uncertaintyMs: TEN } as const;
    const story = p1.waited(pause);
    expect(clockOf('restore', story.restored(at('14:15')), at('18:00')).state).toBe('disputed');
    expect(clockOf('restore', story.restored(at('14:21')), at('18:00')).state).toBe('breached');
  });
});
