import type { Clock } from '#shared/domain/sla/clock.ts';

/** How a promise looks. Only `soon` and `late` are red. */
export type PromiseTone = 'none' | 'calm' | 'soon' | 'late' | 'met' | 'held' | 'disputed';

/** From here on a promise counts as about to be breached; the ladder tells the team lead at the same mark. */
const SOON_FROM_PERCENT = 75;

export interface PromiseView {
  readonly tone: PromiseTone;
  /** How much of the bar is left, 0 to 100. */
  readonly barPercent: number;
  /** Epoch milliseconds: what is counted down to, absent while nothing counts. */
  readonly due?: number | undefined;
  /** What is left by the clock on the wall; working time where a pause holds it. Negative when late. */
  readonly leftMs?: number | undefined;
}

/** What to draw of a clock. */
export function promiseView(clock: Clock, now: number): PromiseView {
  const left = Math.min(100, Math.max(0, 100 - clock.percentUsed));
  switch (clock.state) {
    case 'notStarted':
    case 'stopped':
      return { tone: 'none', barPercent: 0 };
    case 'met':
      return { tone: 'met', barPercent: 100 };
    case 'paused':
      return { tone: 'held', barPercent: left, leftMs: clock.remainingMs };
    case 'disputed':
      return { tone: 'disputed', barPercent: left, due: clock.due };
    case 'breached':
      return clock.fulfilledAt === undefined
        ? { tone: 'late', barPercent: 100, due: clock.due, leftMs: leftUntil(clock.due, now) }
        : { tone: 'late', barPercent: 100, due: clock.due };
    case 'running':
      return {
        tone: clock.percentUsed >= SOON_FROM_PERCENT ? 'soon' : 'calm',
        barPercent: left,
        due: clock.due,
        leftMs: leftUntil(clock.due, now),
      };
  }
}

/** The same judgement from what a list knows of a ticket. */
export function toneOfRow(
  row: { due?: number | undefined; targetMs?: number | undefined; remainingMs?: number | undefined },
  now: number,
): PromiseTone {
  if (row.due === undefined) return row.remainingMs === undefined ? 'none' : 'held';
  const left = row.due - now;
  if (left < 0) return 'late';
  return row.targetMs !== undefined && left <= row.targetMs * (1 - SOON_FROM_PERCENT / 100) ? 'soon' : 'calm';
}

function leftUntil(due: number | undefined, now: number): number | undefined {
  return due === undefined ? undefined : due - now;
}
