import type { Account } from '../auth/accounts.ts';
import type { Session } from '../auth/sessions.ts';
import type { Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import type { Offer } from './offer.ts';

/** In whose name facts are handed in: that of the login, or that of the device whose facts a colleague carries. */
export interface Deliverer {
  readonly account: Account;
  readonly deviceId: string;
  /** The device, and those it has succeeded: it may hand in what they wrote. */
  readonly devices: ReadonlySet<string>;
  readonly isRevoked: boolean;
  /** The user who carries the facts, where that is another one. */
  readonly carrier: string | undefined;
}

/** The present run of a host's journal, and the runs before it, newest first. */
export interface Run {
  readonly id: string;
  readonly before: readonly string[];
}

/**
 * Locks the device's row until the transaction ends, so that a push that is repeated while the first still runs waits for its
 * verdicts, and follows the runs of its journal.
 * @returns whether the device is revoked: the request may have waited since its login was looked at.
 * @throws Problem 409 `sync.clonedDevice` when another journal has gone on from an earlier run of this one: the
 * profile was copied, and this copy comes second.
 */
export async function lockDevice(
  sql: Sql,
  tenant: string,
  device: string,
  run: Run | undefined,
): Promise<boolean> {
  const [row] = await sql.query<{ run: string | null; revoked: boolean }>(
    'SELECT run, revoked_at IS NOT NULL AS revoked FROM devices WHERE tenant = $1 AND id = $2 FOR UPDATE',
    [tenant, device],
  );
  const last = row?.run ?? undefined;
  const isRevoked = row?.revoked === true;
  // A revoked device hands in what it has and is wiped: which copy it is does not matter any more.
  if (isRevoked || run === undefined || last === run.id) return isRevoked;
  if (last !== undefined && !run.before.includes(last)) {
    throw new Problem(
      409,
      'sync.clonedDevice',
      'Another laptop has the identity of this one: its profile was copied. Renew the device; what is not sent yet stays here and can be sent then.',
    );
  }
  await sql.query('UPDATE devices SET run = $3 WHERE tenant = $1 AND id = $2', [tenant, device, run.id]);
  return false;
}

/** The deliverer of a login; who its device has succeeded is asked only when an offer names another device. */
export async function delivererOf(sql: Sql, session: Session, offers: readonly Offer[]): Promise<Deliverer> {
  const { account, deviceId, deviceRevoked: isRevoked, carrier } = session;
  const isOwn = offers.every(({ event }) => event === undefined || event.device === deviceId);
  const devices = isOwn ? new Set([deviceId]) : await lineOf(sql, account, deviceId);
  return { account, deviceId, devices, isRevoked, carrier };
}

/** The device and all it has succeeded, of the same user. */
async function lineOf(sql: Sql, account: Account, device: string): Promise<Set<string>> {
  const rows = await sql.query<{ id: string }>(
    `WITH RECURSIVE line AS (
       SELECT id, succeeds FROM devices WHERE tenant = $1 AND id = $2
       UNION
       SELECT d.id, d.succeeds FROM devices d JOIN line ON d.id = line.succeeds
       WHERE d.tenant = $1 AND d.user_id = $3
     ) SELECT id FROM line`,
    [account.tenant, device, account.id],
  );
  return new Set(rows.map(({ id }) => id));
}
