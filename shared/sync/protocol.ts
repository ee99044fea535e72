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
 * | POST /v1/refresh           | RefreshRequest -> RefreshAnswer                        |
 * | POST /v1/oidc/begin        | OidcBegin -> OidcBegun                                 |
 * | POST /v1/oidc/complete     | OidcComplete -> LoginAnswer                            |
 * | POST /v1/devices/renew     | RenewRequest -> LoginAnswer: a copied profile becomes a device of its own |
 * | POST /v1/push              | PushRequest -> PushAnswer                              |
 * | POST /v1/carried           | CarriedRequest -> PushAnswer: facts of another device, brought by a colleague |
 * | POST /v1/pull              | PullRequest -> lines of PullLine                       |
 * | GET  /v1/bootstrap[?scope=]| Manifest, of all visible scopes or of one              |
 * | GET  /v1/segments/:sha256  | gzip NDJSON of Row                                     |
 * | GET  /v1/entities/:key     | lines of PullLine `event`: all facts that touch an entity |
 * | POST /v1/uploads, HEAD/PATCH/DELETE /v1/uploads/:id | tus 1.0; metadata `sha256`    |
 * | GET  /v1/blobs/:sha256/receipt | BlobReceipt, 404 `blob.missing`                    |
 * | HEAD/PUT/GET /v1/blobs/:sha256 | bytes (PUT: small ones in one piece) ; PUT answers BlobReceipt |
 * | GET  /v1/poke              | server-sent events that carry only a number            |
 * | /v1/admin/...              | see admin.ts                                           |
 *
 * Every route but hello, login, refresh and oidc wants `Authorization: Bearer <token>`.
 * Every refusal is `application/problem+json` (RFC 9457), see ProblemSchema.
 */
export const SYNC_PROTOCOL = { min: 1, max: 2 } as const;

export const MAX_PUSH_EVENTS = 200;
export const MAX_PUSH_BYTES = 1024 * 1024;

export const HelloSchema = z.object({
  product: z.literal('faultline'),
  protocol: z.object({ min: z.number().int(), max: z.number().int() }),
  /** Changes when the server's history did: restored from a backup, or lost its last writes. */
  epoch: z.string(),
  serverTime: z.string(),
  /** Ways to log in. A server of protocol 1 knows the password only. */
  login: z
    .object({ password: z.boolean(), oidc: z.object({ name: z.string() }).nullable() })
    .default({ password: true, oidc: null }),
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
    /** Ed25519, SPKI DER as base64url: refresh tokens given to this device work only with its signature. */
    publicKey: z.string().max(200).optional(),
  }),
});
export type LoginRequest = z.input<typeof LoginRequestSchema>;

const tokens = {
  /** Opens the routes until `expiresAt`. */
  token: z.string(),
  expiresAt: z.string(),
  /** Gets the next pair, once. Missing when the device gave no public key. */
  refreshToken: z.string().optional(),
  refreshExpiresAt: z.string().optional(),
};

const standing = {
  userName: z.string(),
  roles: z.array(z.string()),
  scopes: z.array(z.string()),
  homeRegion: z.string(),
  /** All regions the user works in, the home region first. */
  regions: z.array(z.string()).default([]),
  teams: z.array(z.string()).default([]),
};

export const LoginAnswerSchema = z.object({
  ...tokens,
  ...standing,
  epoch: z.string(),
  tenant: z.string(),
  userId: z.string(),
  deviceId: z.string(),
  /** Short, unique in the tenant: the first part of every number born on this device, e.g. `SZ03`. */
  deviceCode: z.string(),
});
export type LoginAnswer = z.infer<typeof LoginAnswerSchema>;

/**
 * Signed with the device's key over `faultline-refresh\n<device>\n<refreshToken>\n<at>`. `at` is told for the log, not
 * believed: a laptop's clock may be off by days. The same token offered again within the grace window (an answer got lost) gets a
 * working pair again; offered later it was stolen, and every login of the device ends (`auth.reused`).
 */
export const RefreshRequestSchema = z.object({
  device: z.string().max(80),
  refreshToken: z.string().max(200),
  at: z.string().max(40),
  signature: z.string().max(200),
});
export type RefreshRequest = z.infer<typeof RefreshRequestSchema>;
export const RefreshAnswerSchema = z.object({ ...tokens, ...standing });
export type RefreshAnswer = z.infer<typeof RefreshAnswerSchema>;

/** `challenge`: base64url(SHA-256(verifier)), so that only the laptop that began can complete. */
export const OidcBeginSchema = z.object({
  tenant: z.string().max(80).default('main'),
  challenge: z.string().length(43),
});
/** `url` is opened in the user's browser; its last page shows a short code that he types into Faultline. */
export const OidcBegunSchema = z.object({ id: z.string(), url: z.string(), expiresAt: z.string() });
export const OidcCompleteSchema = z.object({
  id: z.string().max(80),
  verifier: z.string().min(43).max(128),
  code: z.string().min(6).max(12),
  device: LoginRequestSchema.shape.device,
});

/**
 * After 409 `sync.clonedDevice`: this laptop's identity is also in use elsewhere (a copied profile, a restored disk image). It
 * becomes a new device of the same user that succeeds the old one: it may still push what it wrote under the old identity.
 */
export const RenewRequestSchema = z.object({ device: LoginRequestSchema.shape.device });

export const PushRequestSchema = z.object({
  epoch: z.string(),
  device: z.string(),
  /**
   * The present run of the host (a random id made at each start of the journal) and the runs before it, newest first.
   * A device whose last run is not among them has been copied: two laptops go on from one history.
   */
  run: z.object({ id: z.string().max(64), before: z.array(z.string().max(64)).max(32) }).optional(),
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

/**
 * Facts that another laptop has exported and this one carries to the server. They stand under their own device and actor: what
 * proves them is that device's Ed25519 signature over `faultline-carried\n<device>\n<SHA-256 hex of canonicalJson(events)>`. The server judges
 * them as a push of that device; when the device pushes them itself later, it gets the same verdicts.
 */
export const CarriedRequestSchema = z.object({
  device: z.string().max(80),
  events: z.array(EventSchema).min(1).max(MAX_PUSH_EVENTS),
  signature: z.string().max(200),
});
export type CarriedRequest = z.infer<typeof CarriedRequestSchema>;

export const PullRequestSchema = z.object({
  epoch: z.string(),
  device: z.string(),
  /** Scope -> number of the last event applied; a scope that is missing starts at 0. */
  cursors: z.record(z.string(), z.number().int().nonnegative()),
  /** At most so much in the answer: a slow line gets on in small steps. The server has limits of its own besides. */
  page: z
    .object({ events: z.number().int().positive().optional(), bytes: z.number().int().positive().optional() })
    .optional(),
});
export type PullRequest = z.infer<typeof PullRequestSchema>;

export const PullLineSchema = z.discriminatedUnion('k', [
  z.object({
    k: z.literal('head'),
    epoch: z.string(),
    serverTime: z.string(),
    scopes: z.array(z.string()),
    /** Scopes the request named that the user may no longer see: everything that only they gave goes away here. */
    lost: z.array(z.string()),
  }),
  /** `n`: the entry's number in the scope that delivers it, which is not the event's own scope when the stream was shared. */
  z.object({ k: z.literal('event'), scope: z.string(), n: z.number().int(), event: EventSchema }),
  /** The stream is no longer shared into this scope: it still exists, and goes away here unless another scope gives it. */
  z.object({
    k: z.literal('left'),
    scope: z.string(),
    n: z.number().int(),
    id: z.string(),
    stream: z.string(),
  }),
  /** The entry's event was deleted on the server for good (its record was purged): nothing of it may stay here. */
  z.object({
    k: z.literal('deleted'),
    scope: z.string(),
    n: z.number().int(),
    id: z.string(),
    stream: z.string(),
  }),
  /** The last event of the asking device that the snapshot of this answer contains; `''` for none. */
  z.object({ k: z.literal('acked'), lastEventId: z.string() }),
  /** Over the ids of all entries of the scope up to its cursor, whatever their kind: count, and an order-free hash (see checksum.ts). */
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

/**
 * So many purged streams a manifest names for each scope, the last ones: a journal keeps what was accepted for 30 days, and
 * nobody purges so many in that time.
 */
export const MAX_DELETED = 5_000;

export const ManifestSchema = z.object({
  epoch: z.string(),
  /** The cursors that the segments stand for: pull goes on from here. */
  cursors: z.record(z.string(), z.number().int()),
  checksums: z.record(z.string(), z.object({ count: z.number().int(), hash: z.string() })),
  /** No row has a later stamp: what is decided on top of them has to sort after it. `''` from a server that does not tell. */
  latestHlc: z.string().default(''),
  /**
   * Streams that were purged in these scopes before the cuts, the last {@link MAX_DELETED} of each: a journal may still
   * have their facts. Empty from a server that does not tell.
   */
  deleted: z.array(z.string()).default([]),
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

/**
 * What every refused request answers (RFC 9457, `application/problem+json`). `code` is stable and is what programs read;
 * `type` is `https://faultline.example/problems/<code>`, `detail` an English sentence.
 */
export const ProblemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
});
export type ProblemDetails = z.infer<typeof ProblemSchema>;
