import { isDone, type TicketSummary } from './summary.ts';

export const VIEWS = ['mine', 'team', 'unassigned', 'verifying', 'done', 'all'] as const;
export type View = (typeof VIEWS)[number];

export interface ListQuery {
  readonly view: View;
  /** Whose queue `mine` is. */
  readonly userId: string;
  readonly search: string;
  readonly sort: 'urgency' | 'newest' | 'grade';
  readonly offset: number;
  readonly limit: number;
}

export interface ListAnswer {
  readonly total: number;
  readonly items: readonly TicketSummary[];
  readonly counts: Readonly<Record<View, number>>;
}

/** Names by key, so that a search finds a ticket by its customer, site or asset. Lower case. */
export type NamesOf = (summary: TicketSummary) => string;

export function isInView(summary: TicketSummary, view: View, userId: string): boolean {
  switch (view) {
    case 'mine':
      return summary.assignee === userId && !isDone(summary);
    case 'team':
      return !isDone(summary);
    case 'unassigned':
      return summary.assignee === undefined && !isDone(summary);
    case 'verifying':
      return summary.work === 'verifying' && !summary.ended;
    case 'done':
      return isDone(summary);
    case 'all':
      return true;
  }
}

/** Filters, counts and sorts all summaries, and cuts the window that a screen shows. */
export function runList(summaries: Iterable<TicketSummary>, query: ListQuery, namesOf: NamesOf): ListAnswer {
  const words = query.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const counts: Record<View, number> = { mine: 0, team: 0, unassigned: 0, verifying: 0, done: 0, all: 0 };
  const found: TicketSummary[] = [];
  for (const summary of summaries) {
    for (const view of VIEWS) if (isInView(summary, view, query.userId)) counts[view]++;
    if (!isInView(summary, query.view, query.userId)) continue;
    if (words.length > 0 && !matches(summary, words, namesOf)) continue;
    found.push(summary);
  }
  found.sort(ORDERS[query.sort]);
  return { total: found.length, items: found.slice(query.offset, query.offset + query.limit), counts };
}

function matches(summary: TicketSummary, words: readonly string[], namesOf: NamesOf): boolean {
  const text = `${summary.number}\n${summary.symptom}`.toLowerCase();
  return words.every((word) => text.includes(word) || namesOf(summary).includes(word));
}

type Order = (a: TicketSummary, b: TicketSummary) => number;
const byKey: Order = (a, b) => (a.key < b.key ? -1 : 1);
/** Due first; what waits or promises nothing comes after; what is done comes last, newest first. */
const byUrgency: Order = (a, b) => {
  const doneA = isDone(a);
  if (doneA !== isDone(b)) return doneA ? 1 : -1;
  if (doneA) return b.openedAt - a.openedAt || byKey(a, b);
  return (a.due ?? Infinity) === (b.due ?? Infinity)
    ? b.openedAt - a.openedAt || byKey(a, b)
    : (a.due ?? Infinity) - (b.due ?? Infinity);
};
const ORDERS: Readonly<Record<ListQuery['sort'], Order>> = {
  urgency: byUrgency,
  newest: (a, b) => b.openedAt - a.openedAt || byKey(a, b),
  grade: (a, b) => (a.grade ?? 'P9').localeCompare(b.grade ?? 'P9') || byUrgency(a, b),
};
