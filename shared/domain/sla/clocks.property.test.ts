import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clocks } from './clocks.ts';
import { compileCalendars } from './compiled-calendar.ts';
import { defaultCalendars } from './default-calendars.ts';
import { defaultPolicy } from './default-policy.ts';
import { GRADES, type SlaFacts, WAITING_REASONS } from './facts.ts';

const calendars = compileCalendars(defaultCalendars);
const FIRST = Date.UTC(2026, 8, 20);
const HOUR = 3600_000;
// Whole hours, so that facts often share an instant.
const at = fc.integer({ min: 0, max: 30 * 24 }).map((hours) => FIRST + hours * HOUR);
const uncertaintyMs = fc.option(fc.integer({ min: 0, max: HOUR }), { nil: undefined, freq: 4 });
const moment = fc.record({ at, uncertaintyMs });
const maybe = fc.option(moment, { nil: undefined });
const pause = fc.record({
  from: at,
  to: fc.option(at, { nil: undefined }),
  reason: fc.constantFrom(...WAITING_REASONS),
  evidence: fc.option(fc.constantFrom('mail', 'call'), { nil: undefined }),
  uncertaintyMs,
});
const facts: fc.Arbitrary<SlaFacts> = fc.record({
  openedAt: moment,
  gradings: fc.array(fc.record({ at, grade: fc.constantFrom(...GRADES) }), { maxLength: 4 }),
  assignedAt: maybe,
  respondedAt: maybe,
  pauses: fc.array(pause, { maxLength: 5 }),
  restoredAt: maybe,
  resolvedAt: fc.array(moment, { maxLength: 3 }),
  closedAt: fc.array(moment, { maxLength: 3 }),
  reopenedAt: fc.array(moment, { maxLength: 3 }),
  confirmed: fc.boolean(),
  reportDoneAt: maybe,
  calledBackAt: maybe,
  ended: fc.option(fc.record({ at, as: fc.constantFrom('merged' as const, 'duplicate' as const) }), {
    nil: undefined,
    freq: 5,
  }),
});

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length });

describe('clocks', () => {
  it('[S1] (V11) are equal for every order in which the same facts arrive', () => {
    const two = facts.chain((one) =>
      fc
        .record({
          gradings: shuffled(one.gradings),
          pauses: shuffled(one.pauses),
          resolvedAt: shuffled(one.resolvedAt),
          closedAt: shuffled(one.closedAt),
          reopenedAt: shuffled(one.reopenedAt),
        })
        .map((other) => [one, { ...one, ...other }] as const),
    );
    fc.assert(
      fc.property(two, at, ([one, other], now) => {
        const ask = (facts: SlaFacts): unknown => clocks({ facts, policy: defaultPolicy, calendars, now });
        expect(ask(other)).toEqual(ask(one));
      }),
      { numRuns: 500 },
    );
  });

  it('[S1] never count less later on, and never take back a breach as time goes by', () => {
    fc.assert(
      fc.property(facts, at, at, (facts, one, other) => {
        const ask = (now: number) => clocks({ facts, policy: defaultPolicy, calendars, now });
        const sooner = ask(Math.min(one, other));
        const later = ask(Math.max(one, other));
        for (const [index, clock] of sooner.entries()) {
          const then = later[index]!;
          if (clock.grade === then.grade) expect(then.elapsedMs).toBeGreaterThanOrEqual(clock.elapsedMs);
          if (clock.state === 'breached') expect(then.state).toBe('breached');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('[S1] add up: time since the start is elapsed plus what the pauses took', () => {
    fc.assert(
      fc.property(facts, at, (facts, now) => {
        for (const clock of clocks({ facts, policy: defaultPolicy, calendars, now })) {
          expect(clock.elapsedMs).toBeGreaterThanOrEqual(0);
          if (clock.remainingMs !== undefined)
            expect(clock.remainingMs + clock.elapsedMs).toBe(clock.targetMs);
          if (clock.due !== undefined && clock.remainingMs !== undefined && now <= clock.due) {
            expect(clock.remainingMs).toBeGreaterThanOrEqual(0);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
