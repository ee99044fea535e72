import { isDone, type TicketSummary } from './summary.ts';

export const VIEWS = ['mine', 'team', 'unassigned', 'verifying', 'done', 'all'] as const;
export type View = (typeof VIEWS)[number];

export interface ListQuery {
  readonly view: View;
  /** Whose queue `mine` is. */
  readonly userId: string;
  readonly search: string;
  /** Only tickets of this site. */
  readonly siteId?: string;
  readonly sort: 'urgency' | 'newest' | 'grade';
  readonly offset: number;
  readonly limit: number;
}

export interface ListAnswer {
  readonly total: number;
  readonly items: readonly TicketSummary[];
  readonly counts: Readonly<Record<View, number>>;
}

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
/** How lists are sorted; every order is total, so that a list never jumps. */
export const ORDERS: Readonly<Record<ListQuery['sort'], Order>> = {
  urgency: byUrgency,
  newest: (a, b) => b.openedAt - a.openedAt || byKey(a, b),
  grade: (a, b) => (a.grade ?? 'P9').localeCompare(b.grade ?? 'P9') || byUrgency(a, b),
};
