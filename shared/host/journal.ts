import { z } from 'zod';
import { EventDraftSchema, EventSchema } from '../events/envelope.ts';
import { VerdictSchema } from '../sync/protocol.ts';
import { call, type ServiceSpec, stream } from './define.ts';

export const MAX_DRAFTS_PER_APPEND = 500;

/**
 * What follows the journal.
 * - `events`: facts of this device, in the order they were written
 * - `verdicts`: the server's word on facts that came before; a refused fact leaves the fold
 * - `live`: everything that was in the journal has been told; from here on it is news
 */
export const JournalItemSchema = z.discriminatedUnion('k', [
  z.object({ k: z.literal('events'), events: z.array(EventSchema) }),
  z.object({ k: z.literal('verdicts'), verdicts: z.array(VerdictSchema) }),
  z.object({ k: z.literal('live') }),
]);
export type JournalItem = z.infer<typeof JournalItemSchema>;

/**
 * The facts born on this laptop. Every method but `problems` fails with
 * `app.noWorkspace` before a workspace was chosen.
 */
export const journalService = {
  /**
   * Writes the facts of one command, all or none, and answers when they are on
   * the disk: from then on the screen may say "saved". Repeating an append with
   * the same draft ids writes nothing and answers the facts written first.
   * Errors: `journal.diskFull` (nothing was written; try again when there is room), `journal.failed`.
   */
  append: call(
    z.object({ drafts: z.array(EventDraftSchema).min(1).max(MAX_DRAFTS_PER_APPEND) }),
    z.object({ events: z.array(EventSchema) }),
  ),
  /** The next number of a counter of this device (1, 2, 3 …). It is never given twice, even if the power fails now. */
  takeNumber: call(
    z.object({ counter: z.string().regex(/^[a-z][a-zA-Z-]{0,39}$/) }),
    z.object({ number: z.number().int().positive(), deviceCode: z.string() }),
  ),
  /** With `replay` first all that is in the journal, then (or only) what is added, without a gap. */
  follow: stream(z.object({ replay: z.boolean() }), JournalItemSchema, {
    window: 2000,
    cost: (item) =>
      item.k === 'events' ? item.events.length : item.k === 'verdicts' ? item.verdicts.length : 1,
  }),
  /** Tells the clock of stamps seen from other devices, so that what is decided next sorts after them. */
  observe: call(z.object({ hlc: z.string().min(20).max(80) }), z.object({})),
  /** What opening the journal found wrong. Empty on a healthy disk. */
  problems: call(
    z.object({}),
    z.object({
      problems: z.array(
        z.object({
          kind: z.enum(['torn', 'corrupt', 'unreadableNewer']),
          file: z.string(),
          offset: z.number().int(),
          bytes: z.number().int(),
        }),
      ),
    }),
  ),
} satisfies ServiceSpec;
