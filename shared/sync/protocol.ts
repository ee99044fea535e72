import { z } from 'zod';
import { EventSchema } from '../events/envelope.ts';

/**
 * The wire between a laptop and the central server. HTTP under `/v1`, JSON
 * bodies, NDJSON where much may follow. `docs/spec/sync.md` has the rules.
 *
 * | route                      | what                                                   |
 * |----------------------------|--------------------------------------------------------|
 * | GET  /v1/hello             | Hello, without login                                   |
 * | POST /v1/login             | LoginRequest -> LoginAnswer; registers the device      |
 * | POST /v1/push              | PushRequest -> PushAnswer                              |
 * | POST /v1/pull              | PullRequest -> lines of PullLine                       |
 * | GET  /v1/bootstrap         | Manifest                                               |
 * | GET  /v1/segments/:sha256  | gzip NDJSON of Row                                     |
 * | GET  /v1/entities/:key     | lines of PullLine `event`: all facts that touch an entity |
 * | HEAD/PUT/GET /v1/blobs/:sha256 | bytes; PUT answers BlobReceipt                     |
 * | GET  /v1/poke              | server-sent events that carry only a number            |
 *
 * Every route but hello and login wants `Authorization: Bearer <token>`.
 */
export const SYNC_PROTOCOL = { min: 1, max: 1 } as const;

export const MAX_PUSH_EVENTS = 200;
export const MAX_PUSH_BYTES = 1024 * 1024;

export const HelloSchema = z.object({
  product: z.literal('faultline'),
  protocol: z.object({ min: z.number().int(), max: z.number().int() }),
  /** Changes when the server's history did: restored from a backup, or lost its last writes. */
  epoch: z.string(),
  serverTime: z.string(),
});
export type Hello = z.infer<typeof HelloSchema>;

export const LoginRequestSchema = z.object({
  tenant: z.string().max(80).default('main'),
  user: z.string().min(1).max(80),
  password: z.string().min(1).max(1000),
  /**
   * `id` and `code` when the device has registered before; the server answers the same ones. The code matters when
   * the server was restored from a backup and does not know the device: it must not give its code to another one.
   */
  device: z.object({
    id: z.string().max(80).optional(),
    code: z.string().max(12).optional(),
    name: z.string().max(200),
    platform: z.string().max(80),
  }),
});
export type LoginRequest = z.input<typeof LoginRequestSchema>;

export const LoginAnswerSchema = z.object({
  token: z.string(),
  expiresAt: z.string(),
  epoch: z.string(),
  tenant: z.string(),
  userId: z.string(),
  userName: z.string(),
  roles: z.array(z.string()),
  deviceId: z.string(),
  /** Short, unique in the tenant: the first part of every number born on this device, e.g. `SZ03`. */
  deviceCode: z.string(),
  scopes: z.array(z.string()),
  homeRegion: z.string(),
});
export type LoginAnswer = z.infer<typeof LoginAnswerSchema>;

export const PushRequestSchema = z.object({
  epoch: z.string(),
  device: z.string(),
  events: z.array(EventSchema).max(MAX_PUSH_EVENTS),
});
export type PushRequest = z.infer<typeof PushRequestSchema>;

export const VerdictSchema = z.object({
  id: z.string(),
  verdict: z.enum(['accepted', 'acceptedWithException', 'refused']),
  code: z.string().optional(),
  detail: z.string().optional(),
});
/** The server's last word on one event. Only a verdict is terminal. */
export type Verdict = z.infer<typeof VerdictSchema>;

export const PushAnswerSchema = z.object({
  epoch: z.string(),
  serverTime: z.string(),
  /** False when the database may still forget (an embedded one without a flush): the laptop keeps the events. */
  durable: z.boolean(),
  verdicts: z.array(VerdictSchema),
});
export type PushAnswer = z.infer<typeof PushAnswerSchema>;

export const PullRequestSchema = z.object({
  epoch: z.string(),
  device: z.string(),
  /** Scope -> number of the last event applied; a scope that is missing starts at 0. */
  cursors: z.record(z.string(), z.number().int().nonnegative()),
});
export type PullRequest = z.infer<typeof PullRequestSchema>;

export const PullLineSchema = z.discriminatedUnion('k', [
  z.object({
    k: z.literal('head'),
    epoch: z.string(),
    serverTime: z.string(),
    scopes: z.array(z.string()),
    /** Scopes the request named that the user may no longer see. */
    lost: z.array(z.string()),
  }),
  /** `n`: the event's number in the scope. `alias`: the server's own number of a ticket, when it has one. */
  z.object({ k: z.literal('event'), scope: z.string(), n: z.number().int(), event: EventSchema }),
  /** The last event of the asking device that the snapshot of this answer contains; `''` for none. */
  z.object({ k: z.literal('acked'), lastEventId: z.string() }),
  /** Over all events of the scope up to its cursor: count, and an order-free hash (see checksum.ts). */
  z.object({ k: z.literal('checksum'), scope: z.string(), count: z.number().int(), hash: z.string() }),
  /** Only now do the cursors move. Without this line the answer was cut off. */
  z.object({ k: z.literal('end'), cursors: z.record(z.string(), z.number().int()), more: z.boolean() }),
]);
export type PullLine = z.infer<typeof PullLineSchema>;

/** An entity folded on the server: its whole state, and the last fact in it. */
export const RowSchema = z.object({
  key: z.string(),
  scope: z.string(),
  state: z.record(z.string(), z.unknown()),
  hlc: z.string(),
  id: z.string(),
});
export type Row = z.infer<typeof RowSchema>;

export const ManifestSchema = z.object({
  epoch: z.string(),
  /** The cursors that the segments stand for: pull goes on from here. */
  cursors: z.record(z.string(), z.number().int()),
  checksums: z.record(z.string(), z.object({ count: z.number().int(), hash: z.string() })),
  /** No row has a later stamp: what is decided on top of them has to sort after it. `''` from a server that does not tell. */
  latestHlc: z.string().default(''),
  segments: z.array(
    z.object({
      sha256: z.string(),
      scope: z.string(),
      rows: z.number().int(),
      /** Of the gzip stream. */
      bytes: z.number().int(),
    }),
  ),
});
export type Manifest = z.infer<typeof ManifestSchema>;

export const BlobReceiptSchema = z.object({
  sha256: z.string(),
  size: z.number().int(),
  durable: z.boolean(),
});
export type BlobReceipt = z.infer<typeof BlobReceiptSchema>;

/** What every refused request answers, beside its HTTP status. */
export const ServerErrorSchema = z.object({ code: z.string(), message: z.string() });
export type ServerError = z.infer<typeof ServerErrorSchema>;
