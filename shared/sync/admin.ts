import { z } from 'zod';
import { Role } from '../domain/directory/events.ts';
import { Tier } from '../domain/ticket/words.ts';
import { EventSchema } from '../events/envelope.ts';

/**
 * What the office asks of the server. Every route wants a login whose user has the right (`shared/domain/rights`), else it
 * answers 403 `admin.noRight`; every change is written to the audit log together with what it changed.
 *
 * | route                                   | what                                                  |
 * |-----------------------------------------|-------------------------------------------------------|
 * | GET    /v1/admin/status                 | AdminStatus                                           |
 * | GET    /v1/admin/users?search&after&limit | UserPage, by id                                     |
 * | POST   /v1/admin/users                  | NewUser -> AdminUser; 409 `admin.exists`              |
 * | PATCH  /v1/admin/users/:id              | UserChange -> AdminUser; 409 `admin.lastAdmin`        |
 * | GET    /v1/admin/regions                | `{regions}`                                           |
 * | PUT    /v1/admin/regions/:id            | RegionNames -> Region; makes it, or names it anew     |
 * | GET    /v1/admin/teams                  | `{teams}`                                             |
 * | PUT    /v1/admin/teams/:id              | TeamData -> Team                                      |
 * | DELETE /v1/admin/teams/:id              | `{}`; who worked in its region by it works there no more |
 * | GET    /v1/admin/devices?user&after&limit | DevicePage, by id                                   |
 * | POST   /v1/admin/devices/:id/revoke     | Revoke -> AdminDevice; 409 `admin.lastAdmin`          |
 * | POST   /v1/admin/devices/:id/reinstate  | Reason -> AdminDevice                                 |
 * | GET    /v1/admin/refusals?after&limit   | RefusalPage, the oldest first                         |
 * | POST   /v1/admin/refusals/accept        | RefusalRef -> `{}`; 409 `admin.notAcceptable`         |
 * | POST   /v1/admin/refusals/dismiss       | RefusalRef -> `{}`                                    |
 * | GET    /v1/admin/audit?before&actor&limit | AuditPage, the newest first                         |
 *
 * What is not there, or out of the user's reach, is 404 `admin.unknown`.
 */
export const AccountId = z.string().regex(/^[A-Za-z0-9._-]{1,60}$/);
export const RegionId = z.string().regex(/^[a-z0-9-]{1,40}$/);
const name = z.string().trim().min(1).max(80);
/** Of passwords that people choose; the length counts, not the kinds of letters (NIST SP 800-63B). */
export const NewPassword = z.string().min(10).max(1000);
const reason = z.string().trim().min(1).max(500);
const instant = z.string().max(40);
const deviceId = z.string().min(1).max(80);
const count = z.number().int().nonnegative();
/** Query strings carry text; a page has at most so many lines. */
const limit = z.coerce.number().int().min(1).max(500).default(100);

export const AdminUserSchema = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  homeRegion: z.string(),
  /** Given directly, besides the home region and those of the teams. */
  regions: z.array(z.string()),
  teams: z.array(z.string()),
  disabled: z.boolean(),
  /** Nobody can log in as this user until the office sets a new password: one of his laptops was stolen. */
  signInEnded: z.boolean().default(false),
  createdAt: instant,
  /** When a device of his last spoke with the server. */
  lastSeenAt: instant.nullable(),
  /** Whether the asking user may change this one. */
  mayChange: z.boolean(),
});
export type AdminUser = z.infer<typeof AdminUserSchema>;

export const UserQuerySchema = z.object({
  /** Part of the id or of the name. */
  search: z.string().max(80).default(''),
  /** The last id of the page before. */
  after: z.string().max(80).default(''),
  limit,
});
export const UserPageSchema = z.object({ users: z.array(AdminUserSchema), next: z.string().nullable() });
export type UserPage = z.infer<typeof UserPageSchema>;

export const NewUserSchema = z.object({
  id: AccountId,
  name,
  password: NewPassword,
  roles: z.array(Role).min(1).max(7),
  homeRegion: RegionId,
  regions: z.array(RegionId).max(50).default([]),
  teams: z.array(RegionId).max(50).default([]),
});
export type NewUser = z.output<typeof NewUserSchema>;

/** What is missing stays. `regions` and `teams` replace what was there. */
export const UserChangeSchema = z
  .object({
    name,
    password: NewPassword,
    roles: z.array(Role).min(1).max(7),
    homeRegion: RegionId,
    regions: z.array(RegionId).max(50),
    teams: z.array(RegionId).max(50),
    disabled: z.boolean(),
  })
  .partial();
export type UserChange = z.output<typeof UserChangeSchema>;

export const RegionNamesSchema = z.object({ nameZh: name, nameEn: name });
export const RegionSchema = RegionNamesSchema.extend({ id: z.string(), users: count, teams: count });
export type Region = z.infer<typeof RegionSchema>;

export const TeamDataSchema = RegionNamesSchema.extend({ region: RegionId, tier: Tier.nullable() });
export type TeamData = z.output<typeof TeamDataSchema>;
export const TeamSchema = TeamDataSchema.extend({ id: z.string(), members: z.array(z.string()) });
export type Team = z.infer<typeof TeamSchema>;

export const AdminDeviceSchema = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  platform: z.string(),
  userId: z.string(),
  userName: z.string(),
  registeredAt: instant,
  lastSeenAt: instant.nullable(),
  appVersion: z.string().nullable(),
  /** The device whose work it goes on with, after its profile was copied. */
  succeeds: z.string().nullable(),
  revoked: z.object({ at: instant, by: z.string() }).nullable(),
  /** Facts that arrived from it and wait for the office's word. */
  quarantined: count,
  mayChange: z.boolean(),
});
export type AdminDevice = z.infer<typeof AdminDeviceSchema>;

export const DeviceQuerySchema = z.object({
  user: z.string().max(80).default(''),
  after: z.string().max(80).default(''),
  limit,
});
export const DevicePageSchema = z.object({
  devices: z.array(AdminDeviceSchema),
  next: z.string().nullable(),
});
export type DevicePage = z.infer<typeof DevicePageSchema>;
export const ReasonSchema = z.object({ reason });
/**
 * `endSignIn`: whoever has the laptop may know the password too. The user's other logins end, and nobody can log in as him
 * until the office sets a new password. Wants the right to change the user; 409 `admin.lastAdmin`.
 */
export const RevokeSchema = ReasonSchema.extend({ endSignIn: z.boolean().default(false) });
export type Revoke = z.output<typeof RevokeSchema>;

/** A fact that was refused because a right or a device was gone; kept until the office decides. */
export const RefusalSchema = z.object({
  device: z.string(),
  id: z.string(),
  userId: z.string(),
  userName: z.string(),
  code: z.string(),
  detail: z.string().nullable(),
  receivedAt: instant,
  /** When the user lost the scope it was meant for; `null` when he never had it. */
  lostAt: instant.nullable(),
  /** Whether the asking user may accept it; it can always be dismissed. */
  mayAccept: z.boolean(),
  /** `null` when what was sent is not an event that this version can read. */
  event: EventSchema.nullable(),
});
export type AdminRefusal = z.infer<typeof RefusalSchema>;

export const RefusalQuerySchema = z.object({ after: z.string().max(200).default(''), limit });
export const RefusalPageSchema = z.object({ refusals: z.array(RefusalSchema), next: z.string().nullable() });
export type RefusalPage = z.infer<typeof RefusalPageSchema>;
export const RefusalRefSchema = z.object({ device: deviceId, id: z.string().length(36), reason });
export type RefusalRef = z.output<typeof RefusalRefSchema>;

export const AuditEntrySchema = z.object({
  n: z.number().int(),
  at: instant,
  actor: z.string(),
  device: z.string(),
  address: z.string(),
  /** `<noun>.<pastTense>`, such as `user.disabled`. */
  act: z.string(),
  /** `<noun>/<id>` of what it was done to. */
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntrySchema>;

export const AuditQuerySchema = z.object({
  /** The last number of the page before. */
  before: z.coerce.number().int().positive().optional(),
  actor: z.string().max(80).default(''),
  limit,
});
export const AuditPageSchema = z.object({
  entries: z.array(AuditEntrySchema),
  next: z.number().int().nullable(),
});
export type AuditPage = z.infer<typeof AuditPageSchema>;

export const AdminStatusSchema = z.object({
  version: z.string(),
  protocol: z.object({ min: z.number().int(), max: z.number().int() }),
  epoch: z.string(),
  durable: z.boolean(),
  serverTime: instant,
  counts: z.object({
    users: count,
    disabledUsers: count,
    devices: count,
    revokedDevices: count,
    regions: count,
    teams: count,
    facts: count,
    quarantined: count,
    attachments: count,
    attachmentBytes: count,
  }),
});
export type AdminStatus = z.infer<typeof AdminStatusSchema>;
