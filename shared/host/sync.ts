import { z } from 'zod';
import { EventSchema } from '../events/envelope.ts';
import { ManifestSchema, PullLineSchema, VerdictSchema } from '../sync/protocol.ts';
import { call, type ServiceSpec, stream } from './define.ts';

/**
 * - `demo`: there is no server
 * - `offline`: the server cannot be reached, or the user chose to be offline
 * - `online`: reachable, and nothing is under way
 * - `syncing`: something is being sent or fetched
 * - `needsLogin`: the login has expired; nothing is dropped, everything waits
 * - `otherVersion`: the server's protocol is too new or too old for pulling
 */
export const SyncStateSchema = z.enum(['demo', 'offline', 'online', 'syncing', 'needsLogin', 'otherVersion']);

export const SyncStatusSchema = z.object({
  state: SyncStateSchema,
  /** Since when it is in this state, an instant in UTC. */
  since: z.string(),
  /** The user switched the network off for Faultline. */
  offlineByChoice: z.boolean(),
  /** Facts without a last word of the server, and blobs that wait for it. */
  unsynced: z.number().int(),
  unsentBlobs: z.number().int(),
  refused: z.number().int(),
  oldestPendingAt: z.string().nullable(),
  lastSyncedAt: z.string().nullable(),
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type SyncStatus = z.infer<typeof SyncStatusSchema>;

/** A fact that the server has not taken, and why. */
export const UnsyncedSchema = z.object({
  event: EventSchema,
  /** `waiting`: not sent yet; `held`: behind a refused fact of its stream; `notDurable`: taken, but the server may still forget it. */
  state: z.enum(['waiting', 'held', 'notDurable', 'refused']),
  verdict: VerdictSchema.nullable(),
});
export type Unsynced = z.infer<typeof UnsyncedSchema>;

const nothing = z.object({});
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Errors of all that needs the server: `sync.offline`, `sync.needsLogin`, `sync.otherVersion`, `sync.demo`, `sync.serverFault`, `sync.badAnswer`. */
export const syncService = {
  /** The present status at once, then each change. */
  status: stream(nothing, SyncStatusSchema),
  /** One item whenever there may be something to pull: at once, after a poke of the server, and at least every 60 s while online. */
  pokes: stream(nothing, z.object({ reason: z.enum(['start', 'poke', 'poll', 'online']) })),
  /**
   * One pull: lines in batches as they arrive, ending with an `end` line. If the
   * stream fails, nothing of it may be applied. `epoch` is the one the cursors
   * belong to. Errors also: `sync.otherEpoch` (the server's history is another
   * one: bootstrap again), `sync.cutOff`.
   */
  pull: stream(
    z.object({ epoch: z.string().nullable(), cursors: z.record(z.string(), z.number().int().nonnegative()) }),
    z.object({ lines: z.array(PullLineSchema) }),
    { window: 2000, cost: (item) => item.lines.length },
  ),
  bootstrap: call(nothing, ManifestSchema),
  /** The gzip bytes of a segment, checked against their hash. Errors also: `sync.damagedSegment`. */
  segment: call(z.object({ sha256 }), z.object({ bytes: z.instanceof(Uint8Array) })),
  /** All facts that touch an entity, as the server has them. */
  entity: stream(z.object({ key: z.string().max(120) }), z.object({ lines: z.array(PullLineSchema) }), {
    window: 2000,
    cost: (item) => item.lines.length,
  }),
  /** Sends and fetches now instead of at the next turn. */
  now: call(nothing, nothing),
  setOffline: call(z.object({ offline: z.boolean() }), nothing),
  unsynced: call(nothing, z.object({ items: z.array(UnsyncedSchema) })),
  /** Gives up a refused fact: later facts of its stream are sent again. The journal keeps it. Error: `sync.notRefused`. */
  release: call(z.object({ eventId: z.string().max(80) }), nothing),
  /** Writes all unsynced facts to a file (one JSON object a line) and answers where it is. */
  exportUnsynced: call(nothing, z.object({ path: z.string(), events: z.number().int() })),
} satisfies ServiceSpec;
