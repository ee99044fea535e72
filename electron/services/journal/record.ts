import { z } from 'zod';
import { EventSchema } from '#shared/events/envelope.ts';
import { VerdictSchema } from '#shared/sync/protocol.ts';

/** The last event of a stream when the event itself stands in the journal no more: the next one's `prev`. */
export const StreamHeadSchema = z.object({
  stream: z.string(),
  id: z.string(),
  hash: z.string(),
  /** When it was written, by its hlc. */
  ms: z.number(),
});

export const NamedBlobSchema = z.object({
  sha256: z.string(),
  stream: z.string(),
  at: z.string(),
  kind: z.string().optional(),
  isAttachment: z.boolean(),
});

/**
 * What a record says. `f` is the fencing number of the process that wrote it.
 * A command's facts stand in one record, so a crash never leaves half of them.
 */
export const RecordSchema = z.discriminatedUnion('k', [
  /** Begins each segment: what would be needed of the segments before it, should they be removed. */
  z.object({
    k: z.literal('open'),
    f: z.number(),
    version: z.literal(1),
    device: z.string(),
    hlc: z.string().optional(),
    counters: z.record(z.string(), z.number()),
    /** The run of the host that wrote this, and the runs before it, newest first. Missing in older journals. */
    run: z.string().optional(),
    before: z.array(z.string()).optional(),
    /** Missing in older journals, and before the server's first answer. */
    epoch: z.string().optional(),
    lastVerdictAt: z.string().optional(),
    /** Written before segments are removed, in as many records as it takes: what only they said (J18). */
    heads: z.array(StreamHeadSchema).optional(),
    named: z.array(NamedBlobSchema).optional(),
    delivered: z.array(z.string()).optional(),
  }),
  z.object({
    k: z.literal('events'),
    f: z.number(),
    events: z.array(EventSchema),
    /** Refused facts in whose place these stand: given up in the same write. */
    released: z.array(z.string()).optional(),
  }),
  z.object({
    k: z.literal('verdicts'),
    f: z.number(),
    at: z.string(),
    epoch: z.string(),
    /** False when the server may still forget: the facts stay in the outbox. */
    durable: z.boolean(),
    verdicts: z.array(VerdictSchema),
  }),
  z.object({ k: z.literal('counter'), f: z.number(), name: z.string(), value: z.number().int() }),
  /** The server's history is another one: these facts are offered again. */
  z.object({ k: z.literal('epoch'), f: z.number(), epoch: z.string(), reoffered: z.array(z.string()) }),
  /** A stamp seen from another device, later than all before. */
  z.object({ k: z.literal('clock'), f: z.number(), hlc: z.string() }),
  /** A person has given up these refused facts: they hold back nothing any more. */
  z.object({ k: z.literal('released'), f: z.number(), ids: z.array(z.string()) }),
  /** The server holds these blobs safely. */
  z.object({ k: z.literal('blobs'), f: z.number(), delivered: z.array(z.string()) }),
]);
export type JournalRecord = z.infer<typeof RecordSchema>;
