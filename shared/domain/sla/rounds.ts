import type { Moment, SlaFacts } from './facts.ts';
import type { Interval } from './interval.ts';

const DAY_MS = 24 * 3600 * 1000;

/** One making of a promise: from its start to what fulfils it. */
export interface Round {
  readonly start: Moment;
  readonly fulfilled?: Moment | undefined;
  /** Time between a close and the reopening that followed it in time. */
  readonly closed: readonly Interval[];
}

/**
 * The rounds of the resolve promise (S6), the newest last; there is at least one.
 *
 * A reopening undoes the resolutions before it. If it comes within `reopenDays`
 * of the close, the round goes on without the time spent closed; if it comes
 * later, a new round begins with it. A reopening without a close (the customer
 * did not accept the fix) only undoes the resolution. Closing counts as
 * resolving. A day is 24 hours, so that no zone has a say in it.
 */
export function resolveRounds(facts: SlaFacts, reopenDays: number): Round[] {
  const closings = sorted(facts.closedAt);
  const resolutions = sorted([...facts.resolvedAt, ...facts.closedAt]);
  const rounds: Round[] = [];
  let start = facts.openedAt;
  let closed: Interval[] = [];
  let undoneUntil = -Infinity;
  for (const reopening of sorted(facts.reopenedAt)) {
    const closing = closings.find((moment) => moment.at > undoneUntil && moment.at <= reopening.at);
    if (closing !== undefined && reopening.at - closing.at > reopenDays * DAY_MS) {
      const since = undoneUntil;
      rounds.push({ start, closed, fulfilled: resolutions.find((moment) => moment.at > since) });
      start = reopening;
      closed = [];
    } else if (closing !== undefined) closed.push({ from: closing.at, to: reopening.at });
    undoneUntil = reopening.at;
  }
  const since = undoneUntil;
  rounds.push({ start, closed, fulfilled: resolutions.find((moment) => moment.at > since) });
  return rounds;
}

/** The earliest of the moments that exist; of two at one instant the more certain. */
export function earliest(...moments: readonly (Moment | undefined)[]): Moment | undefined {
  return sorted(moments.filter((moment) => moment !== undefined))[0];
}

function sorted(moments: readonly Moment[]): readonly Moment[] {
  if (moments.length < 2) return moments;
  return moments.toSorted((a, b) => a.at - b.at || (a.uncertaintyMs ?? 0) - (b.uncertaintyMs ?? 0));
}
