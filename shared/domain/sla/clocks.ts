import type { Clock, ClockState, CountedPause, EarlierRound } from './clock.ts';
import { type CalendarBook, type CompiledCalendar, workingMs } from './compiled-calendar.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import type { Grading, Moment, Pause, SlaFacts } from './facts.ts';
import { gradingsInOrder } from './grading.ts';
import { targetMs } from './instants.ts';
import { calendarIdFor, type Policy, type PromiseName, PROMISES } from './policy.ts';
import { earliest, resolveRounds, type Round } from './rounds.ts';
import { SlaError } from './sla-error.ts';
import { judge, type Term, type UncertainInterval } from './verdict.ts';

/** What clocks are computed from: the facts, one version of the policy, the calendars it names, and the time. */
export interface ClockQuestion {
  readonly facts: SlaFacts;
  readonly policy: Policy;
  readonly calendars: CalendarBook;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The five promises of a ticket, always all five and in the order of `PROMISES`
 * (S1, S2). A pure function: the same facts in any order give equal clocks.
 * Throws SlaError `unknownCalendar` where the policy names a calendar that the
 * book has not.
 */
export function clocks(question: ClockQuestion): Clock[] {
  const gradings = gradingsInOrder(question.facts.gradings);
  return PROMISES.map((promise) => clockOf(promise, gradings, question));
}

function clockOf(promise: PromiseName, gradings: readonly Grading[], question: ClockQuestion): Clock {
  const { facts, policy, calendars } = question;
  const last = gradings.at(-1);
  if (last === undefined) return idle(promise, facts, { code: 'notGraded', params: {} });
  const terms = gradings.map(({ at, grade }): Term => {
    const target = policy.targets[grade][promise];
    if (target === undefined) return { from: at, grade, measure: undefined };
    const calendarId = calendarIdFor(policy, promise, grade);
    const calendar = compiledCalendar(calendars, calendarId);
    return { from: at, grade, measure: { grade, targetMs: targetMs(target), calendarId, calendar } };
  });
  if (terms.every((term) => term.measure === undefined)) {
    return idle(promise, facts, { code: 'notPromised', params: { grade: last.grade } });
  }
  const rounds = roundsOf(promise, facts, policy);
  const round = rounds.at(-1);
  if (round === undefined) {
    const fact = promise === 'report' ? 'restored' : 'resolved';
    return idle(promise, facts, { code: 'waitsFor', params: { fact } });
  }
  const measured = measure(promise, round, terms, question);
  if (rounds.length === 1) return measured;
  return {
    ...measured,
    explanation: [
      ...measured.explanation,
      { code: 'madeAnew', params: { at: round.start.at, reopenDays: policy.reopenDays } },
    ],
    earlierRounds: rounds
      .slice(0, -1)
      .map((earlier) => summary(measure(promise, earlier, terms, question), earlier)),
  };
}

/** Starts and fulfilments of a promise, the newest last; none where what it follows has not happened. */
function roundsOf(promise: PromiseName, facts: SlaFacts, policy: Policy): readonly Round[] {
  const resolved = (): Moment | undefined => earliest(...facts.resolvedAt, ...facts.closedAt);
  switch (promise) {
    case 'respond':
      return [single(facts.openedAt, earliest(facts.respondedAt, facts.restoredAt, resolved()))];
    case 'restore':
      return [single(facts.openedAt, earliest(facts.restoredAt, resolved()))];
    case 'resolve':
      return resolveRounds(facts, policy.reopenDays);
    case 'report': {
      const start = earliest(facts.restoredAt, resolved());
      return start === undefined ? [] : [single(start, facts.reportDoneAt)];
    }
    case 'callBack': {
      // A reopening undoes the resolution, and with it the call about it.
      const start = resolveRounds(facts, policy.reopenDays).at(-1)?.fulfilled;
      if (start === undefined) return [];
      const lastReopening = Math.max(-Infinity, ...facts.reopenedAt.map(({ at }) => at));
      const call = facts.calledBackAt;
      return [single(start, call !== undefined && call.at > lastReopening ? call : undefined)];
    }
  }
}

function single(start: Moment, fulfilled: Moment | undefined): Round {
  return { start, fulfilled, closed: [] };
}

function measure(promise: PromiseName, round: Round, terms: readonly Term[], question: ClockQuestion): Clock {
  const { facts, policy, now } = question;
  const reasons = policy.pausedBy[promise] ?? [];
  const waits =
    facts.pauses.length === 0 ? [] : facts.pauses.filter((pause) => reasons.includes(pause.reason));
  const verdict = judge({
    start: round.start,
    fulfilled: round.fulfilled,
    ended: facts.ended,
    terms,
    pauses: intervalsOf(waits, round),
    now,
  });
  const start = round.start.at;
  const { term, state, due } = verdict;
  if (term.measure === undefined) {
    return idle(promise, facts, { code: 'notPromised', params: { grade: term.grade } }, state);
  }
  const { calendar, targetMs: target } = term.measure;
  const stop = Math.min(round.fulfilled?.at ?? Infinity, facts.ended?.at ?? Infinity);
  const end = stop === Infinity ? now : stop;
  const pauses = countedPauses(calendar, waits, round, { end, stop });
  const elapsedMs = pauses.reduce((sum, pause) => sum - pause.countedMs, workingMs(calendar, start, end));
  const isOpen = stop === Infinity;
  return {
    promise,
    state,
    startedAt: start,
    grade: term.grade,
    due: due.at,
    fulfilledAt: round.fulfilled !== undefined && round.fulfilled.at === stop ? stop : undefined,
    elapsedMs,
    remainingMs: isOpen ? target - elapsedMs : undefined,
    targetMs: target,
    percentUsed: target === 0 ? 100 : (elapsedMs / target) * 100,
    pauses,
    explanation: explain({
      promise,
      verdict,
      measure: term.measure,
      terms,
      pauses,
      elapsedMs,
      stop,
      facts,
      now,
    }),
    earlierRounds: NO_ROUNDS,
  };
}

/** Waiting and closed time as the clock takes it out, in order; what two share goes to the earlier. */
function countedPauses(
  calendar: CompiledCalendar,
  waits: readonly Pause[],
  round: Round,
  { end, stop }: { end: number; stop: number },
): readonly CountedPause[] {
  if (waits.length === 0 && round.closed.length === 0) return NO_PAUSES;
  const closed = round.closed.map(({ from, to }) => ({
    from,
    to,
    reason: 'closed' as const,
    evidence: undefined,
  }));
  const stretches = [...closed, ...waits].filter(({ from }) => from <= stop).sort(inOrderOfPauses);
  let counted = round.start.at;
  return stretches.map(({ from, to, reason, evidence }) => {
    const until = Math.min(to ?? Infinity, end);
    const countedMs = workingMs(calendar, Math.max(from, counted), until);
    counted = Math.max(counted, until);
    return { from, to, reason, evidence, countedMs };
  });
}

function intervalsOf(waits: readonly Pause[], round: Round): readonly UncertainInterval[] {
  if (waits.length === 0 && round.closed.length === 0) return [];
  return [
    ...waits.map(({ from, to = Infinity, uncertaintyMs = 0 }) => ({ from, to, uncertaintyMs })),
    ...round.closed.map((interval) => ({ ...interval, uncertaintyMs: 0 })),
  ];
}

/** A clock that measures nothing: stopped where the ticket ended, else as the given state says. */
function idle(
  promise: PromiseName,
  facts: SlaFacts,
  reason: Explanation,
  state: ClockState = 'notStarted',
): Clock {
  const { ended } = facts;
  const because: Explanation[] = [reason];
  if (ended !== undefined) because.push({ code: 'ended', params: { at: ended.at, as: ended.as } });
  return {
    promise,
    state: ended === undefined ? state : 'stopped',
    elapsedMs: 0,
    percentUsed: 0,
    pauses: NO_PAUSES,
    explanation: because,
    earlierRounds: NO_ROUNDS,
  };
}

function summary(clock: Clock, round: Round): EarlierRound {
  return { startedAt: round.start.at, due: clock.due, fulfilledAt: round.fulfilled?.at, state: clock.state };
}

function compiledCalendar(calendars: CalendarBook, id: string): CompiledCalendar {
  const calendar = calendars.get(id);
  if (calendar === undefined)
    throw new SlaError('unknownCalendar', `The policy names calendar "${id}", which is not known.`);
  return calendar;
}

type Stretch = Pick<CountedPause, 'from' | 'to' | 'reason' | 'evidence'>;

function inOrderOfPauses(a: Stretch, b: Stretch): number {
  if (a.from !== b.from) return a.from - b.from;
  const [endA, endB] = [a.to ?? Infinity, b.to ?? Infinity];
  if (endA !== endB) return endA < endB ? -1 : 1;
  const [textA, textB] = [`${a.reason} ${a.evidence ?? ''}`, `${b.reason} ${b.evidence ?? ''}`];
  return textA < textB ? -1 : Number(textA > textB);
}

const NO_PAUSES: readonly CountedPause[] = [];
const NO_ROUNDS: readonly EarlierRound[] = [];
