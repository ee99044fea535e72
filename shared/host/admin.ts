import { z } from 'zod';
import {
  AccountId,
  AdminDeviceSchema,
  AdminStatusSchema,
  AdminUserSchema,
  AuditPageSchema,
  AuditQuerySchema,
  DevicePageSchema,
  DeviceQuerySchema,
  NewUserSchema,
  ReasonSchema,
  RefusalPageSchema,
  RefusalQuerySchema,
  RefusalRefSchema,
  RegionId,
  RegionNamesSchema,
  RegionSchema,
  RevokeSchema,
  TeamDataSchema,
  TeamSchema,
  UserChangeSchema,
  UserPageSchema,
  UserQuerySchema,
} from '../sync/admin.ts';
import { call, type ServiceSpec } from './define.ts';

const nothing = z.object({});
const device = z.string().min(1).max(80);

/**
 * The office's work on the server's accounts, as the screens see it: every call goes to the server and needs it. Errors:
 * `admin.noServer` (demo, or offline by choice), `admin.noRight`, `admin.unknown`, `admin.exists`, `admin.lastAdmin`,
 * `admin.notAcceptable`, and those of sync.
 */
export const adminService = {
  status: call(nothing, AdminStatusSchema),
  users: call(UserQuerySchema, UserPageSchema),
  createUser: call(NewUserSchema, AdminUserSchema),
  updateUser: call(z.object({ id: AccountId, change: UserChangeSchema }), AdminUserSchema),
  regions: call(nothing, z.object({ regions: z.array(RegionSchema) })),
  saveRegion: call(RegionNamesSchema.extend({ id: RegionId }), RegionSchema),
  teams: call(nothing, z.object({ teams: z.array(TeamSchema) })),
  saveTeam: call(TeamDataSchema.extend({ id: RegionId }), TeamSchema),
  removeTeam: call(z.object({ id: RegionId }), nothing),
  devices: call(DeviceQuerySchema, DevicePageSchema),
  revokeDevice: call(RevokeSchema.extend({ id: device }), AdminDeviceSchema),
  reinstateDevice: call(ReasonSchema.extend({ id: device }), AdminDeviceSchema),
  refusals: call(RefusalQuerySchema, RefusalPageSchema),
  acceptRefusal: call(RefusalRefSchema, nothing),
  dismissRefusal: call(RefusalRefSchema, nothing),
  audit: call(AuditQuerySchema, AuditPageSchema),
} satisfies ServiceSpec;
