import { z } from 'zod';
import { adminService } from '#shared/host/admin.ts';
import type { CallContext, ServiceHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import {
  AdminDeviceSchema,
  AdminStatusSchema,
  AdminUserSchema,
  AuditPageSchema,
  DevicePageSchema,
  RefusalPageSchema,
  RegionSchema,
  TeamSchema,
  UserPageSchema,
} from '#shared/sync/admin.ts';
import type { ServerClient } from '../sync/server-client.ts';

/** What this needs of the connection to the server. */
export interface AdminConnection {
  /** Runs `work` with a client that is logged in. @throws SyncError when the server cannot be asked. */
  once<T>(
    work: (client: Pick<ServerClient, 'admin'>, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

type Method = Parameters<ServerClient['admin']>[1];

type Query = Readonly<Record<string, string | number | undefined>>;

/** The office's work as screens see it: each call is one request to the server, which decides; nothing is kept here. */
export function createAdminHandlers(
  connection: () => AdminConnection | undefined,
): ServiceHandlers<typeof adminService> {
  const ask = async <S extends z.ZodType>(
    schema: S,
    method: Method,
    path: string,
    body: unknown,
    { signal }: CallContext,
  ): Promise<z.output<S>> => {
    const open = connection();
    if (open === undefined)
      throw new HostError(
        'admin.noServer',
        'This workspace has no server, so there is nothing to administer.',
      );
    const answer = await open
      .once((client, ours) => client.admin(`/v1/admin/${path}`, method, body, ours), signal)
      .catch((thrown: unknown) => {
        throw plain(thrown);
      });
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new HostError(
      'sync.badAnswer',
      'The server answered something that Faultline does not understand. One of the two has to be updated.',
      { what: path },
    );
  };
  const nothing = z.object({});
  return {
    status: (_, context) => ask(AdminStatusSchema, 'GET', 'status', undefined, context),
    users: (query, context) => ask(UserPageSchema, 'GET', `users${queryOf(query)}`, undefined, context),
    createUser: (user, context) => ask(AdminUserSchema, 'POST', 'users', user, context),
    updateUser: ({ id, change }, context) =>
      ask(AdminUserSchema, 'PATCH', `users/${encodeURIComponent(id)}`, change, context),
    regions: (_, context) =>
      ask(z.object({ regions: z.array(RegionSchema) }), 'GET', 'regions', undefined, context),
    saveRegion: ({ id, ...names }, context) => ask(RegionSchema, 'PUT', `regions/${id}`, names, context),
    teams: (_, context) => ask(z.object({ teams: z.array(TeamSchema) }), 'GET', 'teams', undefined, context),
    saveTeam: ({ id, ...team }, context) => ask(TeamSchema, 'PUT', `teams/${id}`, team, context),
    removeTeam: ({ id }, context) => ask(nothing, 'DELETE', `teams/${id}`, undefined, context),
    devices: (query, context) => ask(DevicePageSchema, 'GET', `devices${queryOf(query)}`, undefined, context),
    revokeDevice: ({ id, ...words }, context) =>
      ask(AdminDeviceSchema, 'POST', `devices/${encodeURIComponent(id)}/revoke`, words, context),
    reinstateDevice: ({ id, reason }, context) =>
      ask(AdminDeviceSchema, 'POST', `devices/${encodeURIComponent(id)}/reinstate`, { reason }, context),
    refusals: (query, context) =>
      ask(RefusalPageSchema, 'GET', `refusals${queryOf(query)}`, undefined, context),
    acceptRefusal: (ref, context) => ask(nothing, 'POST', 'refusals/accept', ref, context),
    dismissRefusal: (ref, context) => ask(nothing, 'POST', 'refusals/dismiss', ref, context),
    audit: (query, context) => ask(AuditPageSchema, 'GET', `audit${queryOf(query)}`, undefined, context),
  };
}

function queryOf(query: Query): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  return `?${asked.toString()}`;
}

/** What the server said of the office's work keeps its own code; everything else is the line's. */
function plain(thrown: unknown): unknown {
  if (!(thrown instanceof HostError)) return thrown;
  const code = thrown.detail['serverCode'];
  if (typeof code !== 'string' || !code.startsWith('admin.')) return thrown;
  return new HostError(code, thrown.message, thrown.detail);
}
