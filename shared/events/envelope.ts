import { z } from 'zod';

/**
 * Evidence for the time of an event: what the monotonic clock said, in which
 * boot, and the last offset to the server that was measured (server minus device).
 */
export const ClockEvidenceSchema = z.looseObject({
  monotonicMs: z.number().nonnegative(),
  bootId: z.string().max(64),
  offsetMs: z.number().optional(),
  /** The truth lies within this of `offsetMs`. Missing in events of earlier versions. */
  uncertaintyMs: z.number().nonnegative().optional(),
});
export type ClockEvidence = z.infer<typeof ClockEvidenceSchema>;

/**
 * One fact. The same record stands in the journal, on the wire, on the server
 * and in every other device's store. Unknown keys are kept: a newer version may have more to say.
 */
export const EventSchema = z.looseObject({
  /** UUIDv7; the idempotency key everywhere. */
  id: z.string().length(36),
  /** `<noun>/<id>`: where the event has its order and its hash chain. */
  stream: z.string().min(3).max(120),
  /** Who needs it: `org`, `region/<id>` or `user/<id>`. */
  scope: z.string().min(3).max(120),
  /** `<noun>.<pastTense>`. */
  type: z.string().min(3).max(80),
  v: z.number().int().positive(),
  data: z.record(z.string(), z.unknown()),
  /** Hybrid logical clock: total order over all devices. See hlc.ts. */
  hlc: z.string().min(20).max(80),
  /** When it happened by the device's wall clock, an instant in UTC. */
  at: z.string().max(40),
  /** The zone the device was in. */
  tz: z.string().max(64),
  clock: ClockEvidenceSchema,
  actor: z.string().max(80),
  device: z.string().max(80),
  /** SHA-256 of this device's previous event in the stream, or `''` for its first. */
  prev: z.string().max(64),
});
export type DomainEvent = z.infer<typeof EventSchema>;

/**
 * What a command decides: the fact without the stamp. The host's journal adds
 * order, time, actor and chain when it writes the fact down.
 */
export const EventDraftSchema = z.object({
  /** Made by whoever decides, so that an append that is repeated after a lost answer stays one fact. */
  id: z.string().length(36),
  stream: z.string().min(3).max(120),
  scope: z.string().min(3).max(120),
  type: z.string().min(3).max(80),
  v: z.number().int().positive(),
  data: z.record(z.string(), z.unknown()),
});
export type EventDraft = z.infer<typeof EventDraftSchema>;

/** Orders two events: by (hlc, id). Every fold and every list of events uses this order. */
export function compareEvents(
  a: Pick<DomainEvent, 'hlc' | 'id'>,
  b: Pick<DomainEvent, 'hlc' | 'id'>,
): number {
  if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
