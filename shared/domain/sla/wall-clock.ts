import { Temporal } from 'temporal-polyfill';

const MINUTES_A_DAY = 24 * 60;

// Windows reach two days beyond the dates asked for, and offsets up to a day.
const MARGIN_MS = 4 * MINUTES_A_DAY * 60_000;

/**
 * The instant at which a wall clock in the zone shows the given minute of the
 * day, in epoch milliseconds. Minutes from 1440 on belong to the next day.
 *
 * Where daylight saving makes the wall clock ambiguous:
 * - a time that occurs twice is the first occurrence for a start and the last
 *   for an end, so a window over the change contains the repeated hour;
 * - a time that is skipped is the instant of the jump for both, so a window
 *   neither begins before nor lasts beyond what the wall clock showed.
 */
export function wallInstant(
  zone: string,
  date: Temporal.PlainDate,
  minute: number,
  edge: 'start' | 'end',
): number {
  const wall = date
    .add({ days: Math.floor(minute / MINUTES_A_DAY) })
    .toPlainDateTime({ hour: Math.floor((minute % MINUTES_A_DAY) / 60), minute: minute % 60 });
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  if (!earlier.toPlainDateTime().equals(wall)) {
    return (earlier.getTimeZoneTransition('next') ?? earlier).epochMilliseconds;
  }
  if (edge === 'start') return earlier.epochMilliseconds;
  return wall.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds;
}

/** {@link wallInstant} of one zone. */
export type WallClock = (date: Temporal.PlainDate, minute: number, edge: 'start' | 'end') => number;

/**
 * {@link wallInstant} for dates between two instants, about ten times faster
 * where the zone keeps one offset all the while: then every wall time is that
 * far from UTC, and no rule of the zone has to be looked up.
 */
export function wallClock(zone: string, from: number, to: number): WallClock {
  const start = Temporal.Instant.fromEpochMilliseconds(from - MARGIN_MS).toZonedDateTimeISO(zone);
  const change = start.getTimeZoneTransition('next');
  if (change !== null && change.epochMilliseconds <= to + MARGIN_MS) {
    return (date, minute, edge) => wallInstant(zone, date, minute, edge);
  }
  const offsetMs = start.offsetNanoseconds / 1_000_000;
  return (date, minute) => date.toZonedDateTime('UTC').epochMilliseconds + minute * 60_000 - offsetMs;
}

/** The date a wall clock in the zone shows at the instant. */
export function wallDate(zone: string, at: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
}

/** Whether the zone is one that this runtime knows. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

/** Whether the text is a date of the calendar, such as `2026-02-28`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    Temporal.PlainDate.from(text);
    return true;
  } catch {
    return false;
  }
}
