import type { Clock } from './clock.ts';
import { clocks, type ClockQuestion } from './clocks.ts';
import type { SlaFacts } from './facts.ts';
import { currentGrade } from './grading.ts';
import { unite } from './interval.ts';
import { calendarIdFor, type RungRule } from './policy.ts';
import { dueMs } from './working-time.ts';

/**
 * - waiting: its instant lies ahead, or is not known while a pause holds the clock
 * - toFire: its instant has passed, and it has not been fired
 * - fired: it was fired once, and will not be again
 * - moot: what it warned of was done, or fell away, before its instant
 */
export type RungState = 'waiting' | 'toFire' | 'fired' | 'moot';

/** One rung of a ticket's ladder. */
export interface Rung {
  /** Unique within the ticket: the rule's id, and the start of the promise where it was made anew. */
  readonly key: string;
  readonly rule: RungRule;
  /** Epoch milliseconds; absent while not known. */
  readonly at?: number | undefined;
  readonly state: RungState;
  /** How long ago its instant was, by the wall clock; 0 unless it is to fire. */
  readonly lateByMs: number;
}

/**
 * The ladder of a ticket as absolute instants (S7), worked out anew from the
 * facts whenever it is asked for. `fired` are the keys that have been fired; a
 * rung fires once, even where a later fact moves its instant. Rungs passed
 * while the device slept are all `toFire`, each with how late it is; whoever
 * fires them records the keys.
 */
export function ladder(question: ClockQuestion & { readonly fired: ReadonlySet<string> }): Rung[] {
  const { facts, policy, fired, now } = question;
  const standing = new Map(clocks(question).map((clock) => [clock.promise, clock]));
  const grade = currentGrade(facts);
  if (grade === undefined) return [];
  const rungs: Rung[] = [];
  for (const rule of policy.ladder) {
    if (rule.grades !== undefined && !rule.grades.includes(grade)) continue;
    const clock = rule.when === 'percent' ? standing.get(rule.promise) : undefined;
    const isAnew = clock !== undefined && clock.earlierRounds.length > 0;
    const key = isAnew ? `${rule.id}@${clock.startedAt}` : rule.id;
    const at = rule.when === 'assignment' ? assignmentAt(facts, rule) : percentAt(rule, clock, question);
    if (at === 'none') continue;
    const stop = rule.when === 'assignment' ? facts.ended?.at : (clock?.fulfilledAt ?? facts.ended?.at);
    const state = stateOf(at, { isFired: fired.has(key), stop, now });
    rungs.push({ key, rule, at, state, lateByMs: state === 'toFire' && at !== undefined ? now - at : 0 });
  }
  return rungs.sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity) || (a.key < b.key ? -1 : 1));
}

/** When to look at the ladder again: the earliest instant ahead. Only a hint for a timer; the wall clock decides. */
export function nextRungAt(rungs: readonly Rung[]): number | undefined {
  const ahead = rungs.flatMap((rung) => (rung.state === 'waiting' && rung.at !== undefined ? [rung.at] : []));
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function stateOf(
  at: number | undefined,
  { isFired, stop, now }: { isFired: boolean; stop: number | undefined; now: number },
): RungState {
  if (isFired) return 'fired';
  if (stop !== undefined && (at === undefined || at > stop)) return 'moot';
  return at !== undefined && at <= now ? 'toFire' : 'waiting';
}

/** When the ticket was first both assigned and of a grade that the rule names. */
function assignmentAt(facts: SlaFacts, rule: RungRule): number | 'none' {
  const named = facts.gradings.filter(
    ({ grade }) => rule.grades === undefined || rule.grades.includes(grade),
  );
  if (facts.assignedAt === undefined || named.length === 0) return 'none';
  return Math.max(facts.assignedAt.at, Math.min(...named.map(({ at }) => at)));
}

/** When the share of the target is used up; by the target and the calendar that the clock is judged by. */
function percentAt(
  rule: RungRule & { when: 'percent' },
  clock: Clock | undefined,
  { policy, calendars }: ClockQuestion,
): number | undefined | 'none' {
  if (clock?.startedAt === undefined || clock.targetMs === undefined || clock.grade === undefined)
    return 'none';
  const calendar = calendars.get(calendarIdFor(policy, rule.promise, clock.grade));
  if (calendar === undefined) return 'none';
  const pauses = unite(clock.pauses.map(({ from, to = Infinity }) => ({ from, to })));
  return dueMs(calendar, clock.startedAt, (clock.targetMs * rule.percent) / 100, pauses);
}
