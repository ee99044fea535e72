import type { CountedPause } from './clock.ts';
import { nextWorkingStart } from './compiled-calendar.ts';
import type { Explanation } from './explanation.ts';
import type { SlaFacts } from './facts.ts';
import type { PromiseName } from './policy.ts';
import type { Measure, Term, Verdict } from './verdict.ts';

/** A clock's figures, from which its account is written. `stop` is Infinity while it is open. */
export interface Account {
  readonly promise: PromiseName;
  readonly verdict: Verdict;
  readonly measure: Measure;
  readonly terms: readonly Term[];
  readonly pauses: readonly CountedPause[];
  readonly elapsedMs: number;
  readonly stop: number;
  readonly facts: SlaFacts;
  readonly now: number;
}

/** Why a clock shows what it shows: by what it measures, what changed, what was left out, how it stands. */
export function explain(account: Account): Explanation[] {
  const { grade, targetMs, calendarId } = account.measure;
  const lines: Explanation[] = [{ code: 'measuredBy', params: { grade, targetMs, calendarId } }];
  explainGrades(account, lines);
  for (const pause of account.pauses) lines.push(explainPause(pause, account));
  explainStanding(account, lines);
  return lines;
}

function explainGrades({ terms, verdict, stop }: Account, lines: Explanation[]): void {
  if (terms.length < 2) return;
  let previous = terms[0];
  for (const term of terms.slice(1)) {
    if (term.from > stop) break;
    if (previous !== undefined && previous.grade !== term.grade) {
      lines.push({ code: 'regraded', params: { at: term.from, from: previous.grade, to: term.grade } });
    }
    previous = term;
  }
  const { due, brokenEarlier, term } = verdict;
  if (brokenEarlier && due.at !== undefined && previous !== undefined) {
    const params = { brokenUnder: term.grade, grade: previous.grade, due: due.at };
    lines.push({ code: 'breachKept', params });
  }
}

function explainPause(pause: CountedPause, { now, stop }: Account): Explanation {
  const { from, to, reason, countedMs, evidence } = pause;
  if (reason === 'closed') return { code: 'closedTime', params: { from, to: to ?? now, countedMs } };
  const end = Math.min(stop, to ?? Infinity);
  if (end > now) return { code: 'pausedNow', params: { reason, from, to, countedMs, evidence } };
  return { code: 'paused', params: { reason, from, to: end, countedMs, evidence } };
}

function explainStanding(account: Account, lines: Explanation[]): void {
  const { promise, verdict, measure, elapsedMs, stop, facts, now } = account;
  const { state, due } = verdict;
  if (state === 'disputed' && due.earliest !== undefined && due.latest !== undefined) {
    lines.push({ code: 'withinUncertainty', params: { earliestDue: due.earliest, latestDue: due.latest } });
  }
  if (state === 'breached' && due.at !== undefined) lines.push({ code: 'overdue', params: { due: due.at } });
  if (stop !== Infinity) {
    if (facts.ended?.at === stop) lines.push({ code: 'ended', params: { at: stop, as: facts.ended.as } });
    else {
      const lateMs = state === 'breached' ? Math.max(0, elapsedMs - measure.targetMs) : 0;
      lines.push({ code: 'fulfilled', params: { at: stop, lateMs } });
      if (promise === 'resolve' && !facts.confirmed) lines.push({ code: 'awaitsConfirmation', params: {} });
    }
    return;
  }
  if (state !== 'running' && state !== 'breached') return;
  const isHeld = account.pauses.some(({ from, to = Infinity }) => from <= now && now < to);
  if (due.at === undefined && !isHeld)
    lines.push({ code: 'neverDue', params: { calendarId: measure.calendarId } });
  const resumesAt = nextWorkingStart(measure.calendar, now);
  if (resumesAt !== undefined) lines.push({ code: 'outsideWorkingTime', params: { resumesAt } });
}
