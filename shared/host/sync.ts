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
 * - `revoked`: the office has revoked this device; unsent work is handed over, then everything here is wiped
 */
export const SyncStateSchema = z.enum([
  'demo',
  'offline',
  'online',
  'syncing',
  'needsLogin',
  'otherVersion',
  'revoked',
]);

/** A transfer long enough to tell of. Rates are measured over the last seconds; `null` before there is one. */
export const TransferSchema = z.object({
  kind: z.enum(['facts', 'attachments', 'bootstrap']),
  doneBytes: z.number(),
  totalBytes: z.number(),
  bytesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type Transfer = z.infer<typeof TransferSchema>;

export const SyncStatusSchema = z.object({
  state: SyncStateSchema,
  /** Since when it is in this state, an instant in UTC. */
  since: z.string(),
  /** The user switched the network off for Faultline. */
  offlineByChoice: z.boolean(),
  /** On a metered network only facts and small attachments travel; recordings wait. */
  metered: z.boolean(),
  /** What the user chose; missing where there is no server. */
  meteredMode: z.enum(['auto', 'on', 'off']).optional(),
  /** Facts without a last word of the server, and blobs that wait for it. */
  unsynced: z.number().int(),
  unsentBlobs: z.number().int(),
  /** Facts of other laptops, taken in from bundles, that this one still has to deliver. */
  carried: z.number().int().optional(),
  /** Of these: what the server did not take when it was asked last, and the code of why (`sync.badSignature`: it does not know the laptop). */
  carriedRefused: z.object({ count: z.number().int(), code: z.string() }).nullable().optional(),
  /** Facts of other laptops that the server has judged and refused for good, until `noteDeniedSeen`. */
  carriedDenied: z.array(z.object({ stream: z.string(), verdict: VerdictSchema })).optional(),
  refused: z.number().int(),
  /** Of the refused: those whose right was lost since. */
  quarantined: z.number().int(),
  oldestPendingAt: z.string().nullable(),
  lastSyncedAt: z.string().nullable(),
  /** Why a person has to log in, where more is known than that the login has expired. `restored`: the server was, from a backup. */
  loginReason: z.literal('restored').optional(),
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** When the next try begins by itself, an instant in UTC; `null` when it waits for a person, or nothing waits. */
  nextTryAt: z.string().nullable(),
  transfer: TransferSchema.nullable(),
  /** The watchdog's word: something has waited too long or the engine had to be started anew. */
  stuck: z.object({ since: z.string(), reason: z.string(), restarts: z.number().int() }).nullable(),
  /** The server's live line is held back on the way: what others do arrives with the poll, up to a minute late. */
  late: z.boolean(),
  /**
   * Server minus laptop, measured at the last greeting, also that of a run before: the truth lies within `uncertaintyMs` of
   * `offsetMs`. `isFloor`: the clock was set back or stood still since, and is slow by at least so much.
   */
  clock: z
    .object({
      offsetMs: z.number(),
      uncertaintyMs: z.number(),
      measuredAt: z.string(),
      isFloor: z.boolean().optional(),
    })
    .nullable(),
});
export type SyncStatus = z.infer<typeof SyncStatusSchema>;

/** A fact that the server has not taken, and why. */
export const UnsyncedSchema = z.object({
  event: EventSchema,
  /**
   * `waiting`: not sent yet; `held`: behind a refused fact of its stream; `notDurable`: taken, but the server may still
   * forget it; `quarantined`: refused because the right to it (or the device) was lost; handed over to the office.
   */
  state: z.enum(['waiting', 'held', 'notDurable', 'refused', 'quarantined']),
  verdict: VerdictSchema.nullable(),
  /** Of the fact as it is sent. */
  bytes: z.number().int(),
  /** `null` while it waits for a person. */
  nextTryAt: z.string().nullable(),
  /** What came of it when it was asked for last: the server could not read it, or failed at it each time. */
  trouble: z.object({ code: z.string(), message: z.string() }).optional(),
  /** It waits behind a fact of its stream with such a trouble. */
  behind: z.literal(true).optional(),
  /** The server had it already and was restored from a backup since: it is offered once more. */
  again: z.literal(true).optional(),
});
export type Unsynced = z.infer<typeof UnsyncedSchema>;

/** An attachment that the server does not hold safely yet. */
export const UnsentBlobSchema = z.object({
  sha256: z.string(),
  bytes: z.number().int(),
  /** How many of them the server has already. */
  sentBytes: z.number().int(),
  /** `first`: signatures and small pictures; `normal`: photos and documents; `last`: recordings and what is large. */
  priority: z.enum(['first', 'normal', 'last']),
  /** `metered`: waits for a network that is not metered. `missing`: its bytes are not on this computer. */
  state: z.enum(['waiting', 'sending', 'metered', 'refused', 'missing']),
  /** Code of the last trouble with it. */
  reason: z.string().nullable(),
  nextTryAt: z.string().nullable(),
  /** When the fact that names it was written, and that fact's stream. */
  at: z.string(),
  stream: z.string(),
});
export type UnsentBlob = z.infer<typeof UnsentBlobSchema>;

/** What the next connection will do, computed here, before it happens. */
export const ReconnectPreviewSchema = z.object({
  facts: z.object({ count: z.number().int(), bytes: z.number().int() }),
  blobs: z.object({ count: z.number().int(), bytes: z.number().int(), heldByMetered: z.number().int() }),
  /** What stays here, and why. */
  staying: z.array(
    z.object({
      stream: z.string(),
      count: z.number().int(),
      why: z.enum(['refused', 'held', 'noRight', 'needsLogin']),
    }),
  ),
  /** By the last measured rate; `null` when none was ever measured. */
  seconds: z.number().nullable(),
  needsLogin: z.boolean(),
  /** When the laptop last heard the server: what others did since is not known here. */
  lastSyncedAt: z.string().nullable(),
});
export type ReconnectPreview = z.infer<typeof ReconnectPreviewSchema>;

export const TrustedCaSchema = z.object({
  /** SHA-256, upper-case hex with colons. */
  fingerprint: z.string(),
  subject: z.string(),
  validTo: z.string(),
});

export type TrustedCa = z.infer<typeof TrustedCaSchema>;

const nothing = z.object({});
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Errors of all that needs the server: `sync.offline`, `sync.needsLogin`, `sync.otherVersion`, `sync.demo`, `sync.serverFault`, `sync.badAnswer`,
 * `sync.captivePortal` (something between answers in the server's place), `sync.untrustedCertificate`, `sync.deviceRevoked`, `sync.clonedDevice`.
 */
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
  /** Of all scopes, or of one that is to be repaired or was gained. */
  bootstrap: call(z.object({ scope: z.string().max(120).optional() }), ManifestSchema),
  /**
   * The gzip bytes of a segment, checked against their hash. `left` are the bytes of all segments that are still to be
   * fetched, this one among them: what the transfer is told by. Errors also: `sync.damagedSegment`.
   */
  segment: call(
    z.object({ sha256, left: z.number().int().nonnegative().optional() }),
    z.object({ bytes: z.instanceof(Uint8Array) }),
  ),
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
  /**
   * Corrects a refused fact: a new fact with the corrected data stands in its place, the old one is given up; one
   * write to the journal. Errors: `sync.notRefused`, `sync.malformedFact`, those of `journal.append`.
   */
  resend: call(
    z.object({ eventId: z.string().max(80), data: z.record(z.string(), z.unknown()) }),
    z.object({ event: EventSchema }),
  ),
  unsentBlobs: call(nothing, z.object({ items: z.array(UnsentBlobSchema) })),
  preview: call(nothing, ReconnectPreviewSchema),
  /** `auto` asks the operating system where it can tell, and is `off` where it cannot. */
  setMetered: call(z.object({ mode: z.enum(['auto', 'on', 'off']) }), nothing),
  /**
   * Writes everything unsent, facts and attachments, to one encrypted file. Without `path` it goes to the downloads
   * folder. Errors: `bundle.failed`.
   */
  exportBundle: call(
    z.object({ passphrase: z.string().min(8).max(1000), path: z.string().max(4000).optional() }),
    z.object({
      path: z.string(),
      events: z.number().int(),
      blobs: z.number().int(),
      bytes: z.number().int(),
    }),
  ),
  /**
   * Takes in such a file, from whatever laptop: what is known already is passed over, so doing it twice changes
   * nothing. Facts of other devices are carried to the server under their own names.
   * Errors: `bundle.wrongPassphrase`, `bundle.damaged` (cut off or tampered with: nothing was taken in), `bundle.otherTenant`, `bundle.tooLarge`.
   */
  importBundle: call(
    z.object({ path: z.string().max(4000), passphrase: z.string().max(1000) }),
    z.object({
      device: z.string(),
      events: z.number().int(),
      known: z.number().int(),
      blobs: z.number().int(),
    }),
  ),
  /** Gives up the carried facts that the server does not take (`carriedRefused`). The laptop that they came from still has them. */
  dropCarried: call(nothing, z.object({ events: z.number().int() })),
  /** Somebody has seen which carried facts were refused (`carriedDenied`). */
  noteDeniedSeen: call(nothing, nothing),
  /** The page tells that a scope's checksum did not fit and that it was fetched anew. */
  reportRepair: call(
    z.object({ scope: z.string().max(120), expected: z.string().max(60), found: z.string().max(60) }),
    nothing,
  ),
  /** Certificates of private authorities that the user trusts for the server, besides those of the system. */
  trustedCas: call(nothing, z.object({ cas: z.array(TrustedCaSchema) })),
  /** Errors: `sync.badCertificate`. */
  addCa: call(z.object({ pem: z.string().max(100_000) }), TrustedCaSchema),
  removeCa: call(z.object({ fingerprint: z.string().max(120) }), nothing),
} satisfies ServiceSpec;
