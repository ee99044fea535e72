import type { RefreshAnswer, RefreshRequest } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../context.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from './accounts.ts';
import { deviceSigned } from './device-key.ts';
import { endLogins, type EndedBy } from './end-logins.ts';
import { standingOf } from './open-login.ts';
import { ACCESS_TTL_MS, mintPair, readRefreshToken } from './refresh-tokens.ts';
import { disabledAccount } from './sessions.ts';

/** How long after its first use a refresh token still works, for a laptop that never got the answer. */
export const GRACE_MS = 60_000;
/** How often, within the grace window. */
export const GRACE_REPEATS = 3;

/** What the device signs (see RefreshRequestSchema). */
export function refreshText({ device, refreshToken, at }: Omit<RefreshRequest, 'signature'>): string {
  return `faultline-refresh\n${device}\n${refreshToken}\n${at}`;
}

/**
 * Gives the next pair of tokens for a refresh token that is signed by its device. A token that comes a second time,
 * outside the grace window or after its successor was used, was copied: every login of the device ends.
 *
 * A revoked device is answered too, because it has to hand in its work; its tokens open nothing else.
 * @throws Problem 401 `auth.invalid`, `auth.badSignature`, `auth.expired`, `auth.reused`, `auth.ended`, `auth.disabled`.
 */
export async function refresh(
  context: ServerContext,
  request: RefreshRequest,
  address: string,
): Promise<RefreshAnswer> {
  const answer = await writeWithRetry(context.database, (sql) => rotate(sql, context, request, address));
  // Thrown only now: that the logins ended has to be committed.
  if (answer === 'reused') throw endedLogin('reused');
  return answer;
}

interface LoginRow extends AccountRow {
  readonly disabled: boolean;
  readonly deviceId: string;
  readonly publicKey: string | null;
  readonly endedBy: EndedBy | null;
}

interface TokenRow {
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly repeats: number;
}

async function rotate(
  sql: Sql,
  context: ServerContext,
  request: RefreshRequest,
  address: string,
): Promise<RefreshAnswer | 'reused'> {
  const token = readRefreshToken(request.refreshToken);
  if (token === undefined) throw unknownToken();
  const { tenant, login } = token;
  // The login's row is the lock; what stands below is read in statements after it, so by snapshots after it.
  await sql.query('SELECT 1 FROM logins WHERE tenant = $1 AND id = $2 FOR UPDATE', [tenant, login]);
  const [row] = await sql.query<LoginRow>(
    `SELECT ${ACCOUNT_COLUMNS}, u.disabled, l.device_id AS "deviceId", d.public_key AS "publicKey",
       l.ended_by AS "endedBy"
     FROM logins l JOIN users u ON u.tenant = l.tenant AND u.id = l.user_id
       JOIN devices d ON d.tenant = l.tenant AND d.id = l.device_id
     WHERE l.tenant = $1 AND l.id = $2`,
    [tenant, login],
  );
  // Without the device's key a token is worth nothing, not even for ending somebody's login.
  if (row === undefined || row.deviceId !== request.device) throw unknownToken();
  if (row.publicKey === null || !deviceSigned(row.publicKey, refreshText(request), request.signature)) {
    throw new Problem(
      401,
      'auth.badSignature',
      'This refresh was not signed by the device that the login was given to. Log in again; nothing is lost.',
    );
  }
  if (row.disabled) throw disabledAccount();
  if (row.endedBy !== null) throw endedLogin(row.endedBy);
  const nowMs = context.now();
  if (!(await useToken(sql, token, nowMs))) {
    await endLogins(sql, tenant, { device: row.deviceId }, 'reused');
    const actor = { tenant, userId: row.id, deviceId: row.deviceId, address };
    await recordAudit(sql, actor, nowMs, { act: 'login.reused', subject: `device/${row.deviceId}` });
    return 'reused';
  }
  const account = readAccount(row);
  const session = { tenant, userId: account.id, deviceId: row.deviceId, login };
  const lives = { nowMs, accessTtlMs: context.accessTtlMs ?? ACCESS_TTL_MS };
  return { ...(await mintPair(sql, session, lives)), ...(await standingOf(sql, account)) };
}

/**
 * Uses the token, or finds that somebody else must have, or have had, it: then `false`.
 * @throws Problem 401 `auth.expired`.
 */
async function useToken(
  sql: Sql,
  { tenant, login, hash }: { readonly tenant: string; readonly login: string; readonly hash: string },
  nowMs: number,
): Promise<boolean> {
  const [row] = await sql.query<TokenRow>(
    `SELECT expires_at AS "expiresAt", used_at AS "usedAt", repeats FROM refresh_tokens
     WHERE token_hash = $1 AND tenant = $2 AND login = $3`,
    [hash, tenant, login],
  );
  // Signed by the device and of its login, but not kept: a successor or a sibling of it is in use.
  if (row === undefined) return false;
  if (row.usedAt !== null) {
    if (nowMs - row.usedAt > GRACE_MS || row.repeats >= GRACE_REPEATS) return false;
    await sql.query('UPDATE refresh_tokens SET repeats = repeats + 1 WHERE token_hash = $1', [hash]);
    return true;
  }
  if (row.expiresAt <= nowMs) {
    throw new Problem(401, 'auth.expired', 'The login has expired. Log in again; nothing is lost.');
  }
  // Who uses this one has had the answer to its predecessor, and goes on with this answer and no other.
  await sql.query('DELETE FROM refresh_tokens WHERE tenant = $1 AND login = $2 AND token_hash <> $3', [
    tenant,
    login,
    hash,
  ]);
  await sql.query('UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1', [hash, nowMs]);
  return true;
}

function unknownToken(): Problem {
  return new Problem(
    401,
    'auth.invalid',
    'The server does not know this login. Log in again; nothing is lost.',
  );
}

function endedLogin(by: EndedBy): Problem {
  if (by !== 'reused') {
    return new Problem(401, 'auth.ended', 'This login was ended. Log in again; nothing is lost.');
  }
  return new Problem(
    401,
    'auth.reused',
    'A login of this device was used from two places, so all its logins were ended. Log in again; nothing is lost. ' +
      'If this laptop was not copied or restored, tell an administrator.',
  );
}
