import { createHash, randomBytes } from 'node:crypto';
import type { Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type Account, type AccountRow } from './accounts.ts';

/** Who is asking: the account as it is now, and the device that the token was given to. */
export interface Session {
  readonly account: Account;
  readonly deviceId: string;
  readonly expiresAtMs: number;
}

const TOKEN_BYTES = 32;
/** How long an expired token is still answered "expired" rather than "unknown". */
const KEPT_AFTER_EXPIRY_MS = 7 * 24 * 3_600_000;

/** The database never sees a token, so that a copy of it opens no door. 256 random bits need no salt. */
function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Opens a session and returns its token; the token is not stored anywhere. */
export async function openSession(
  sql: Sql,
  tenant: string,
  userId: string,
  deviceId: string,
  nowMs: number,
  expiresAtMs: number,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await sql.query('DELETE FROM sessions WHERE expires_at < $1', [nowMs - KEPT_AFTER_EXPIRY_MS]);
  await sql.query(
    'INSERT INTO sessions (token_hash, tenant, user_id, device_id, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [hashToken(token), tenant, userId, deviceId, expiresAtMs],
  );
  return token;
}

/**
 * Finds the session of an `Authorization` header.
 * @throws Problem 401 `auth.invalid` or `auth.expired`.
 */
export async function readSession(
  sql: Sql,
  authorization: string | undefined,
  nowMs: number,
): Promise<Session> {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1];
  const [row] =
    token === undefined
      ? []
      : await sql.query<AccountRow & { deviceId: string; expiresAt: number }>(
          `SELECT ${ACCOUNT_COLUMNS}, s.device_id AS "deviceId", s.expires_at AS "expiresAt"
           FROM sessions s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
           WHERE s.token_hash = $1 AND NOT u.disabled`,
          [hashToken(token)],
        );
  if (row === undefined) {
    throw new Problem(
      401,
      'auth.invalid',
      'The server does not know this login. Log in again; nothing is lost.',
    );
  }
  if (row.expiresAt <= nowMs) {
    throw new Problem(401, 'auth.expired', 'The login has expired. Log in again; nothing is lost.');
  }
  return { account: readAccount(row), deviceId: row.deviceId, expiresAtMs: row.expiresAt };
}
