import type { Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type Account, type AccountRow } from './accounts.ts';
import { hashSecret, newSecret } from './secrets.ts';

/** Who is asking: the account as it is now, and the device that the token was given to. */
export interface Session {
  readonly account: Account;
  readonly deviceId: string;
  readonly expiresAtMs: number;
  /** Only ever true on routes that a revoked device may still use to hand in its work. */
  readonly deviceRevoked: boolean;
  /** The user who hands in what the device has signed, where that is another one. */
  readonly carrier?: string;
}

export interface NewSession {
  readonly tenant: string;
  readonly userId: string;
  readonly deviceId: string;
  /** The login it belongs to and ends with; `null` for a device without a key. */
  readonly login: string | null;
}

/** How long an expired token is still answered "expired" rather than "unknown". */
const KEPT_AFTER_EXPIRY_MS = 24 * 3_600_000;

/** Opens a session and returns its token; the token is not stored anywhere. */
export async function openSession(
  sql: Sql,
  session: NewSession,
  nowMs: number,
  expiresAtMs: number,
): Promise<string> {
  const token = newSecret();
  await sql.query('DELETE FROM sessions WHERE expires_at < $1', [nowMs - KEPT_AFTER_EXPIRY_MS]);
  await sql.query(
    `INSERT INTO sessions (token_hash, tenant, user_id, device_id, expires_at, login)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [hashSecret(token), session.tenant, session.userId, session.deviceId, expiresAtMs, session.login],
  );
  // With refreshing this is right to a quarter of an hour, and costs no write for a request.
  await sql.query('UPDATE devices SET last_seen_at = $3 WHERE tenant = $1 AND id = $2', [
    session.tenant,
    session.deviceId,
    nowMs,
  ]);
  return token;
}

/**
 * Finds the session of an `Authorization` header. `forDelivery`: the route takes in what a laptop has not handed over
 * yet, so a revoked device may use it too.
 * @throws Problem 401 `auth.invalid`, `auth.expired` or `auth.disabled`, 403 `auth.deviceRevoked`.
 */
export async function readSession(
  sql: Sql,
  authorization: string | undefined,
  nowMs: number,
  options: { readonly forDelivery?: boolean } = {},
): Promise<Session> {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1];
  const [row] =
    token === undefined
      ? []
      : await sql.query<AccountRow & SessionRow>(
          `SELECT ${ACCOUNT_COLUMNS}, u.disabled, s.device_id AS "deviceId", s.expires_at AS "expiresAt",
             d.revoked_at IS NOT NULL AS "deviceRevoked"
           FROM sessions s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
             JOIN devices d ON d.tenant = s.tenant AND d.id = s.device_id
           WHERE s.token_hash = $1`,
          [hashSecret(token)],
        );
  if (row === undefined) {
    throw unknownLogin();
  }
  if (row.disabled) throw disabledAccount();
  if (row.expiresAt <= nowMs) {
    throw new Problem(401, 'auth.expired', 'The login has expired. Log in again; nothing is lost.');
  }
  if (row.deviceRevoked && options.forDelivery !== true) {
    throw revokedDevice();
  }
  return {
    account: readAccount(row),
    deviceId: row.deviceId,
    expiresAtMs: row.expiresAt,
    deviceRevoked: row.deviceRevoked,
  };
}

interface SessionRow {
  readonly disabled: boolean;
  readonly deviceId: string;
  readonly expiresAt: number;
  readonly deviceRevoked: boolean;
}

/** Whether the login of a request still stands: the request may have waited since it was looked at. */
export async function stillStands(sql: Sql, { account, deviceId }: Session): Promise<boolean> {
  const rows = await sql.query(
    'SELECT 1 FROM sessions WHERE tenant = $1 AND user_id = $2 AND device_id = $3 LIMIT 1',
    [account.tenant, account.id, deviceId],
  );
  return rows.length > 0;
}

export function unknownLogin(): Problem {
  return new Problem(
    401,
    'auth.invalid',
    'The server does not know this login. Log in again; nothing is lost.',
  );
}

export function revokedDevice(): Problem {
  return new Problem(
    403,
    'auth.deviceRevoked',
    'The office has revoked this device. It may hand in what it has not sent yet, and nothing else.',
  );
}

/** Said only to who holds a token of the account. */
export function disabledAccount(): Problem {
  return new Problem(
    401,
    'auth.disabled',
    'This account is disabled. What is not sent yet stays on this laptop; ask an administrator.',
  );
}
