import { randomBytes } from 'node:crypto';
import { uuidV7 } from '#shared/events/uuid.ts';
import type { Sql } from '../db/database.ts';
import type { Account } from './accounts.ts';

export interface Device {
  readonly id: string;
  /** Short and unique in the tenant: the first part of every number born on the device, e.g. `SZ03`. */
  readonly code: string;
}

export interface DeviceClaim {
  readonly id?: string | undefined;
  readonly code?: string | undefined;
  readonly name: string;
  readonly platform: string;
}

/**
 * Registers the device or recognises it. A device belongs to one user: what
 * claims the id of another user's device becomes a new one. An id that the server does not know (it was
 * restored from a backup) is taken over with its code, while that code is free.
 */
export async function registerDevice(
  sql: Sql,
  account: Account,
  claim: DeviceClaim,
  nowMs: number,
): Promise<Device> {
  // The tenant's row is the lock: two first logins must not draw the same code.
  await sql.query('SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE', [account.tenant]);
  const [known] =
    claim.id === undefined
      ? []
      : await sql.query<Device & { user: string }>(
          'SELECT id, code, user_id AS "user" FROM devices WHERE tenant = $1 AND id = $2',
          [account.tenant, claim.id],
        );
  if (known?.user === account.id) return { id: known.id, code: known.code };
  const mayKeepId = known === undefined && claim.id !== undefined && /^[A-Za-z0-9._-]{8,80}$/.test(claim.id);
  const device = {
    id: mayKeepId && claim.id !== undefined ? claim.id : uuidV7(nowMs, randomBytes(10)),
    code: await freeCode(sql, account, mayKeepId ? claim.code : undefined),
  };
  await sql.query(
    'INSERT INTO devices (tenant, id, user_id, code, name, platform) VALUES ($1, $2, $3, $4, $5, $6)',
    [account.tenant, device.id, account.id, device.code, printable(claim.name), printable(claim.platform)],
  );
  return device;
}

/** What a laptop calls itself ends up in lists, logs and headers: control characters have no place there. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, ' ').trim();
}

async function freeCode(sql: Sql, account: Account, wanted: string | undefined): Promise<string> {
  const rows = await sql.query<{ code: string }>('SELECT code FROM devices WHERE tenant = $1', [
    account.tenant,
  ]);
  const taken = new Set(rows.map(({ code }) => code));
  if (wanted !== undefined && /^[A-Z0-9]{2,12}$/.test(wanted) && !taken.has(wanted)) return wanted;
  const prefix = account.homeRegion.toUpperCase().replaceAll('-', '').slice(0, 4);
  for (let number = 1; ; number++) {
    const code = `${prefix}${String(number).padStart(2, '0')}`;
    if (!taken.has(code)) return code;
  }
}

/**
 * Takes the device's right to read away, at once. What it still has to hand in is taken and kept, and decided by the office.
 * @returns whether it was not revoked before.
 */
export async function revokeDevice(
  sql: Sql,
  tenant: string,
  id: string,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE devices SET revoked_at = $3, revoked_by = $4
     WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL RETURNING id`,
    [tenant, id, nowMs, by],
  );
  return rows.length > 0;
}

/** Gives it back. A device that has wiped itself meanwhile begins anew. @returns whether it was revoked. */
export async function reinstateDevice(sql: Sql, tenant: string, id: string): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE devices SET revoked_at = NULL, revoked_by = NULL
     WHERE tenant = $1 AND id = $2 AND revoked_at IS NOT NULL RETURNING id`,
    [tenant, id],
  );
  return rows.length > 0;
}
