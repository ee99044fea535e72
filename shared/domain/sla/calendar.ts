import { z } from 'zod';
import { epochMs } from './instants.ts';
import { isDate, isZone } from './wall-clock.ts';

/** Days of the week in the order of ISO 8601 (Monday is 1). */
export const WEEK_DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Minutes since midnight of `HH:MM`; hours run to 48 so that a window can end on the next day. */
export function minuteOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

const TimeOfDaySchema = z
  .string()
  .regex(/^([0-3]\d|4[0-7]):[0-5]\d$|^48:00$/, 'a time from 00:00 to 48:00 is expected');

/**
 * One stretch of working time, `[from, to]` on the wall clock of the zone, `to`
 * excluded. It belongs to the day on which it starts: `['22:00', '30:00']` ends
 * at 06:00 of the next day, whatever that day is.
 */
export const WorkingWindowSchema = z
  .tuple([TimeOfDaySchema, TimeOfDaySchema])
  .refine(([from]) => minuteOfDay(from) < 24 * 60, 'a window starts before 24:00')
  .refine(
    ([from, to]) => minuteOfDay(from) < minuteOfDay(to),
    'a window ends after it starts (30:00 is 06:00 of the next day)',
  );

const DateSchema = z.string().refine(isDate, 'a date such as 2026-10-01 is expected');
const WindowsSchema = z.array(WorkingWindowSchema);

/**
 * When work is done. A day takes its windows from `makeUpDays` if it stands
 * there, else has none if it stands in `holidays`, else takes those of its day
 * of the week. Windows may overlap; they unite.
 */
export const CalendarSchema = z.object({
  /** IANA name; the windows are wall times of this zone. */
  zone: z.string().refine(isZone, 'an IANA time zone such as Asia/Shanghai is expected'),
  week: z.partialRecord(z.enum(WEEK_DAYS), WindowsSchema),
  holidays: z.array(DateSchema),
  makeUpDays: z.record(DateSchema, WindowsSchema),
  note: z.string().optional(),
});
export type Calendar = z.infer<typeof CalendarSchema>;

/**
 * One version of a named calendar. It is in force from `inForceFrom` until the
 * next version of the same id is; the first is in force since ever (S3).
 */
export const CalendarVersionSchema = CalendarSchema.extend({
  id: z.string().min(1),
  version: z.int().positive(),
  inForceFrom: z.iso.datetime({ offset: true }),
});
export type CalendarVersion = z.infer<typeof CalendarVersionSchema>;

/** Versions in the order in which they came into force; of two at one instant the higher version is the later. */
export function inOrderOfForce(versions: readonly CalendarVersion[]): CalendarVersion[] {
  return versions.toSorted(
    (a, b) => epochMs(a.inForceFrom) - epochMs(b.inForceFrom) || a.version - b.version,
  );
}
