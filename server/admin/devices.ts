import type { AdminDevice, DevicePage, DeviceQuerySchema, Revoke } from '#shared/sync/admin.ts';
import type { z } from 'zod';
import { findAccount, type Account } from '../auth/accounts.ts';
import { reinstateDevice, revokeDevice } from '../auth/devices.ts';
import type { Sql } from '../db/database.ts';
import { isoOf, nextKey, unknown, type Office } from './office.ts';
import { QUARANTINED } from './refusals.ts';
import { endSignIn } from './users.ts';

interface DeviceRow extends Omit<AdminDevice, 'registeredAt' | 'lastSeenAt' | 'revoked' | 'mayChange'> {
  readonly registeredAt: number;
  readonly lastSeenAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
}

/** The devices of the users in reach, by id. */
export async function listDevices(
  office: Office,
  query: z.output<typeof DeviceQuerySchema>,
): Promise<DevicePage> {
  office.demand('devices');
  const devices = await readDevices(office.database, office, query);
  return {
    devices,
    next: nextKey(
      devices.map(({ id }) => id),
      query.limit,
    ),
  };
}

/**
 * Revokes the device: it reads nothing any more, and what it still hands in is kept for the office to decide. With `endSignIn`
 * nobody can log in as its user either: a laptop that was stolen, perhaps with its password.
 * @throws Problem 403 `admin.noRight`, 404 `admin.unknown`, 409 `admin.lastAdmin`.
 */
export function revoke(
  office: Office,
  id: string,
  { reason, endSignIn: alsoSignIn }: Revoke,
): Promise<AdminDevice> {
  return decide(office, id, reason, 'device.revoked', async (sql, { userId }) => {
    // Of a device that was revoked before as well: that it was stolen may be known later.
    if (alsoSignIn) await endSignIn(sql, office, userId, { device: id, reason });
    return revokeDevice(sql, office.tenant, id, office.session.account.id, office.context.now());
  });
}

/** Takes a revocation back. @throws Problem 403 `admin.noRight`, 404 `admin.unknown`. */
export function reinstate(office: Office, id: string, reason: string): Promise<AdminDevice> {
  return decide(office, id, reason, 'device.reinstated', (sql) => reinstateDevice(sql, office.tenant, id));
}

async function decide(
  office: Office,
  id: string,
  reason: string,
  act: string,
  work: (sql: Sql, device: AdminDevice) => Promise<boolean>,
): Promise<AdminDevice> {
  office.demand('devices');
  return office.change(async (sql) => {
    const device = await readDevice(sql, office, id);
    if (!device.mayChange) office.demand('devices', { regions: [] });
    if (!(await work(sql, device))) return device;
    await office.audit(sql, {
      act,
      subject: `device/${id}`,
      detail: { code: device.code, user: device.userId, reason },
    });
    return readDevice(sql, office, id);
  });
}

async function readDevice(sql: Sql, office: Office, id: string): Promise<AdminDevice> {
  const [device] = await readDevices(sql, office, { user: '', after: '', limit: 1 }, id);
  if (device === undefined) throw unknown(`device ${id}`);
  return device;
}

async function readDevices(
  sql: Sql,
  office: Office,
  query: z.output<typeof DeviceQuerySchema>,
  id: string | null = null,
): Promise<AdminDevice[]> {
  const { tenant } = office;
  const rows = await sql.query<DeviceRow>(
    `SELECT d.id, d.code, d.name, d.platform, d.user_id AS "userId", u.name AS "userName",
       floor(extract(epoch FROM d.registered_at) * 1000)::bigint AS "registeredAt",
       d.last_seen_at AS "lastSeenAt", d.app_version AS "appVersion", d.succeeds,
       d.revoked_at AS "revokedAt", d.revoked_by AS "revokedBy",
       (SELECT count(*) FROM refusals f WHERE f.tenant = d.tenant AND f.device = d.id
          AND f.decision IS NULL AND f.code = ANY($7))::int AS quarantined
     FROM devices d JOIN users u ON u.tenant = d.tenant AND u.id = d.user_id
     WHERE d.tenant = $1 AND d.id > $2 AND ($3 = '' OR d.user_id = $3) AND ($4::text IS NULL OR d.id = $4)
       AND ($5::text[] IS NULL OR u.home_region = ANY($5))
     ORDER BY d.id LIMIT $6`,
    [tenant, query.after, query.user, id, office.regionsOf('devices'), query.limit, QUARANTINED],
  );
  const owners = new Map<string, Account | undefined>();
  for (const { userId } of rows)
    if (!owners.has(userId)) owners.set(userId, await findAccount(sql, tenant, userId));
  return rows.map(({ registeredAt, lastSeenAt, revokedAt, revokedBy, ...device }) => {
    const owner = owners.get(device.userId);
    return {
      ...device,
      registeredAt: new Date(registeredAt).toISOString(),
      lastSeenAt: isoOf(lastSeenAt),
      revoked: revokedAt === null ? null : { at: new Date(revokedAt).toISOString(), by: revokedBy ?? '' },
      mayChange: owner !== undefined && office.may('devices', owner),
    };
  });
}
