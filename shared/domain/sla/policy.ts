import { z } from 'zod';
import { GRADES, type Grade, WAITING_REASONS } from './facts.ts';
import { epochMs, isTarget } from './instants.ts';

/** The promises, in the order in which they are kept. */
export const PROMISES = ['respond', 'restore', 'resolve', 'report', 'callBack'] as const;
export type PromiseName = (typeof PROMISES)[number];

const GradeSchema = z.enum(GRADES);
const PromiseSchema = z.enum(PROMISES);
const CalendarIdSchema = z.string().min(1);
const TargetSchema = z
  .string()
  .refine(isTarget, 'working time in hours, minutes and seconds such as PT4H30M is expected');

const tellsSchema = {
  /** Stays the same over all versions of the policy: a rung fires once by this name. */
  id: z.string().min(1),
  /** Only for these grades; for all where absent. */
  grades: z.array(GradeSchema).min(1).optional(),
  /** Roles to tell, such as `teamLead`. */
  tell: z.array(z.string().min(1)).min(1),
  by: z.array(z.enum(['screen', 'email', 'message', 'phone'])).min(1),
};

/** One rung of the ladder: when, whom to tell and by what (S7). */
export const RungRuleSchema = z.discriminatedUnion('when', [
  z.object({
    when: z.literal('percent'),
    promise: PromiseSchema,
    /** Of the promise's target in working time; over 100 is after the due time. */
    percent: z.number().positive().max(1000),
    ...tellsSchema,
  }),
  z.object({ when: z.literal('assignment'), ...tellsSchema }),
]);
export type RungRule = z.infer<typeof RungRuleSchema>;

/** One version of what is promised. A ticket keeps the version in force when it was opened. */
export const PolicySchema = z.object({
  id: z.string().min(1),
  version: z.int().positive(),
  inForceFrom: z.iso.datetime({ offset: true }),
  /** Calendar id for every grade, or one for all. */
  calendars: z.union([CalendarIdSchema, z.record(GradeSchema, CalendarIdSchema)]),
  /** Promises that follow a calendar of their own, whatever the grade. */
  promiseCalendars: z.partialRecord(PromiseSchema, CalendarIdSchema),
  /** Working time for each promise; a promise that is absent is not made for that grade. */
  targets: z.record(GradeSchema, z.partialRecord(PromiseSchema, TargetSchema)),
  /** Which waiting reasons pause which promise; none where absent. */
  pausedBy: z.partialRecord(PromiseSchema, z.array(z.enum(WAITING_REASONS))),
  /** A ticket reopened within so many days of its close goes on with its resolve clock. */
  reopenDays: z.int().nonnegative(),
  ladder: z
    .array(RungRuleSchema)
    .refine((rungs) => new Set(rungs.map((rung) => rung.id)).size === rungs.length, 'rung ids are unique'),
});
export type Policy = z.infer<typeof PolicySchema>;

/** The calendar id that the policy prescribes. */
export function calendarIdFor(policy: Policy, promise: PromiseName, grade: Grade): string {
  const own = policy.promiseCalendars[promise];
  if (own !== undefined) return own;
  return typeof policy.calendars === 'string' ? policy.calendars : policy.calendars[grade];
}

/** The version in force at the instant (epoch milliseconds); the oldest where the instant is earlier than all. */
export function policyInForce(versions: readonly Policy[], at: number): Policy | undefined {
  const ordered = versions.toSorted(
    (a, b) => epochMs(a.inForceFrom) - epochMs(b.inForceFrom) || a.version - b.version,
  );
  return ordered.findLast((policy) => epochMs(policy.inForceFrom) <= at) ?? ordered[0];
}
