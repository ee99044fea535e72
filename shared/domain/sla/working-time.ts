import type { Calendar } from './calendar.ts';
import { afterWorking, type CompiledCalendar, compileCalendar, workingMs } from './compiled-calendar.ts';
import { epochMs, type Instant, isoInZone, type Target, targetMs } from './instants.ts';
import { type Interval, unite } from './interval.ts';

/** A pause as plain data; without `to` it is still open. A pause that ends before it starts counts as empty. */
export interface PausePlain {
  readonly from: Instant;
  readonly to?: Instant | null | undefined;
  readonly reason?: string | undefined;
}

/**
 * When the target is used up: the first instant by which `target` of working
 * time, pauses left out, has passed since `start`. ISO 8601 with the offset of
 * the calendar's zone.
 *
 * Undefined where that instant is not known: the time runs into a pause that is
 * still open, or the calendar holds too little working time within ten years.
 * Throws SlaError for an instant or a target that is none.
 */
export function dueAt(question: {
  readonly calendar: Calendar;
  readonly start: Instant;
  readonly target: Target;
  readonly pauses: readonly PausePlain[];
}): string | undefined {
  const calendar = compiled(question.calendar);
  const due = dueMs(
    calendar,
    epochMs(question.start),
    targetMs(question.target),
    intervalsOf(question.pauses),
  );
  return due === undefined ? undefined : isoInZone(due, calendar.zone);
}

/**
 * Working milliseconds between two instants, pauses left out; 0 where `to` is
 * not after `from`. Throws SlaError for an instant that is none.
 */
export function elapsed(question: {
  readonly calendar: Calendar;
  readonly from: Instant;
  readonly to: Instant;
  readonly pauses: readonly PausePlain[];
}): number {
  const { calendar, from, to, pauses } = question;
  return elapsedMs(compiled(calendar), epochMs(from), epochMs(to), intervalsOf(pauses));
}

/** {@link dueAt} on epoch milliseconds; `pauses` must be disjoint and sorted, as `unite` returns them. */
export function dueMs(
  calendar: CompiledCalendar,
  start: number,
  target: number,
  pauses: readonly Interval[],
): number | undefined {
  if (target <= 0) return start;
  let at = start;
  let left = target;
  for (const pause of pauses) {
    if (pause.to <= at) continue;
    const worked = workingMs(calendar, at, pause.from);
    if (worked >= left) break;
    if (pause.to === Infinity) return undefined;
    left -= worked;
    at = pause.to;
  }
  return afterWorking(calendar, at, left);
}

/** {@link elapsed} on epoch milliseconds; `pauses` must be disjoint and sorted, as `unite` returns them. */
export function elapsedMs(
  calendar: CompiledCalendar,
  from: number,
  to: number,
  pauses: readonly Interval[],
): number {
  let sum = workingMs(calendar, from, to);
  for (const pause of pauses) sum -= workingMs(calendar, Math.max(from, pause.from), Math.min(to, pause.to));
  return sum;
}

function intervalsOf(pauses: readonly PausePlain[]): Interval[] {
  return unite(
    pauses.map((pause) => ({
      from: epochMs(pause.from),
      to: pause.to === undefined || pause.to === null ? Infinity : epochMs(pause.to),
    })),
  );
}

// Whoever asks with plain data asks again with the same calendar.
const compiledCalendars = new WeakMap<Calendar, CompiledCalendar>();

function compiled(calendar: Calendar): CompiledCalendar {
  const known = compiledCalendars.get(calendar);
  if (known !== undefined) return known;
  const fresh = compileCalendar(calendar);
  compiledCalendars.set(calendar, fresh);
  return fresh;
}
