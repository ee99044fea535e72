import type { ClockState } from './clock.ts';
import { type CompiledCalendar } from './compiled-calendar.ts';
import type { Grade, Moment, SlaFacts } from './facts.ts';
import { type Interval, unite } from './interval.ts';
import { dueMs } from './working-time.ts';

/** What a grade promises, ready to be measured. */
export interface Measure {
  readonly grade: Grade;
  readonly targetMs: number;
  readonly calendarId: string;
  readonly calendar: CompiledCalendar;
}

/** A grade in force from an instant on, with what it promises if anything. */
export interface Term {
  readonly from: number;
  readonly grade: Grade;
  readonly measure: Measure | undefined;
}

/** A pause with how far its ends may be off. */
export interface UncertainInterval extends Interval {
  readonly uncertaintyMs: number;
}

export interface Case {
  readonly start: Moment;
  readonly fulfilled: Moment | undefined;
  readonly ended: SlaFacts['ended'];
  /** At least one, in order; the first counts since the start. */
  readonly terms: readonly Term[];
  readonly pauses: readonly UncertainInterval[];
  readonly now: number;
}

/** The due time, and how early and late it may really be. */
export interface Due {
  readonly at: number | undefined;
  readonly earliest: number | undefined;
  readonly latest: number | undefined;
}

export interface Verdict {
  readonly state: ClockState;
  /** The term whose target decides: the one that was broken first, else the last that counts. */
  readonly term: Term;
  /** Whether `term` gave way to another grade after the promise was broken under it. */
  readonly brokenEarlier: boolean;
  readonly due: Due;
}

const NEVER: Due = { at: undefined, earliest: undefined, latest: undefined };

/**
 * Decides one promise (S5). Each grade is measured from the original start with
 * all pauses, but judged only while it is in force: a promise broken under a
 * grade stays broken under the next, and grades given after the fulfilment do
 * not reach back.
 */
export function judge(matter: Case): Verdict {
  const { fulfilled, ended, now } = matter;
  const isEnded = ended !== undefined && (fulfilled === undefined || ended.at < fulfilled.at);
  const stop = isEnded ? ended.at : (fulfilled?.at ?? Infinity);
  const terms = matter.terms.filter((term, index) => index === 0 || term.from <= stop);
  let last: Verdict | undefined;
  for (const [index, term] of terms.entries()) {
    const until = terms[index + 1]?.from;
    const due = term.measure === undefined ? NEVER : dueOf(matter, term.measure);
    if (until !== undefined) {
      // A grade stamped later than now has not yet taken over from this one.
      const over = stop === Infinity ? Math.min(until, now) : until;
      const isBroken = due.latest !== undefined && due.latest < over;
      if (isBroken) return { state: 'breached', term, brokenEarlier: true, due };
      continue;
    }
    last = { state: finalState(matter, term, due, isEnded), term, brokenEarlier: false, due };
  }
  if (last === undefined) throw new RangeError('A case needs at least one term.');
  return last;
}

function finalState(matter: Case, term: Term, due: Due, isEnded: boolean): ClockState {
  if (term.measure === undefined)
    return matter.terms.some(({ measure }) => measure !== undefined) ? 'stopped' : 'notStarted';
  if (isEnded) {
    const endedAt = matter.ended?.at ?? Infinity;
    return due.latest !== undefined && due.latest < endedAt ? 'breached' : 'stopped';
  }
  if (matter.fulfilled !== undefined) {
    const { at, uncertaintyMs = 0 } = matter.fulfilled;
    if (due.earliest === undefined || at + uncertaintyMs <= due.earliest) return 'met';
    return due.latest !== undefined && at - uncertaintyMs > due.latest ? 'breached' : 'disputed';
  }
  const { now, pauses } = matter;
  if (due.latest !== undefined && now > due.latest) return 'breached';
  if (due.at !== undefined && now > due.at) return 'disputed';
  const isPaused = now >= matter.start.at && pauses.some(({ from, to }) => from <= now && now < to);
  return isPaused ? 'paused' : 'running';
}

function dueOf(matter: Case, { calendar, targetMs }: Measure): Due {
  const { start, pauses } = matter;
  const at = dueMs(calendar, start.at, targetMs, pauses.length === 0 ? pauses : unite(pauses));
  const slack = start.uncertaintyMs ?? 0;
  if (slack === 0 && pauses.every((pause) => pause.uncertaintyMs === 0))
    return { at, earliest: at, latest: at };
  return {
    at,
    earliest: dueMs(calendar, start.at - slack, targetMs, unite(pauses.map((pause) => widened(pause, -1)))),
    latest: dueMs(calendar, start.at + slack, targetMs, unite(pauses.map((pause) => widened(pause, 1)))),
  };
}

function widened({ from, to, uncertaintyMs }: UncertainInterval, sign: 1 | -1): Interval {
  return { from: from - sign * uncertaintyMs, to: to + sign * uncertaintyMs };
}
