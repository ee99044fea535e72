import type { RefreshAnswer, RefreshRequest } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../context.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from './accounts.ts';
import { deviceSigned } from './device-key.ts';
import { endLogins, type EndedBy } from './end-logins.ts';
import { standingOf } from './open-login.ts';
import { ACCESS_TTL_MS, mintPair } from './refresh-tokens.ts';
import { hashSecret } from './secrets.ts';
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

interface TokenRow extends AccountRow {
  readonly disabled: boolean;
  readonly deviceId: string;
  readonly publicKey: string | null;
  readonly endedBy: EndedBy | null;
  readonly parent: string | null;
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
  const hash = hashSecret(request.refreshToken);
  const [found] = await sql.query<{ tenant: string; login: string }>(
    'SELECT tenant, login FROM refresh_tokens WHERE token_hash = $1',
    [hash],
  );
  if (found === undefined) throw unknownToken();
  // The login's row is the lock; what stands below is read in a statement after it, so by a snapshot after it.
  await sql.query('SELECT 1 FROM logins WHERE tenant = $1 AND id = $2 FOR UPDATE', [
    found.tenant,
    found.login,
  ]);
  const [row] = await sql.query<TokenRow>(
    `SELECT ${ACCOUNT_COLUMNS}, u.disabled, l.device_id AS "deviceId", d.public_key AS "publicKey",
       l.ended_by AS "endedBy", t.parent, t.expires_at AS "expiresAt", t.used_at AS "usedAt", t.repeats
     FROM refresh_tokens t JOIN logins l ON l.tenant = t.tenant AND l.id = t.login
       JOIN users u ON u.tenant = l.tenant AND u.id = l.user_id
       JOIN devices d ON d.tenant = l.tenant AND d.id = l.device_id
     WHERE t.token_hash = $1`,
    [hash],
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
  if (await wasCopied(sql, { ...found, hash }, row, nowMs)) {
    await endLogins(sql, found.tenant, { device: row.deviceId }, 'reused');
    const actor = { tenant: found.tenant, userId: row.id, deviceId: row.deviceId, address };
    await recordAudit(sql, actor, nowMs, { act: 'login.reused', subject: `device/${row.deviceId}` });
    return 'reused';
  }
  if (row.expiresAt <= nowMs) {
    throw new Problem(401, 'auth.expired', 'The login has expired. Log in again; nothing is lost.');
  }
  await sql.query(
    `UPDATE refresh_tokens SET used_at = COALESCE(used_at, $2),
       repeats = repeats + CASE WHEN used_at IS NULL THEN 0 ELSE 1 END
     WHERE token_hash = $1`,
    [hash, nowMs],
  );
  const account = readAccount(row);
  const session = {
    tenant: found.tenant,
    userId: account.id,
    deviceId: row.deviceId,
    login: found.login,
  };
  const lives = { nowMs, accessTtlMs: context.accessTtlMs ?? ACCESS_TTL_MS };
  return { ...(await mintPair(sql, session, hash, lives)), ...(await standingOf(sql, account)) };
}

/** Whether somebody else must have, or have had, this token. Expired tokens count: reuse is told for as long as they are kept. */
async function wasCopied(
  sql: Sql,
  token: { readonly tenant: string; readonly login: string; readonly hash: string },
  row: TokenRow,
  nowMs: number,
): Promise<boolean> {
  if (row.usedAt !== null) {
    if (nowMs - row.usedAt > GRACE_MS || row.repeats >= GRACE_REPEATS) return true;
    // Who has used the successor has had the answer: there is nothing to ask for again.
    return hasUsedChild(sql, token, token.hash);
  }
  // Of several answers to one token, a laptop goes on with one: a second one that is used belongs to somebody else.
  return row.parent !== null && (await hasUsedChild(sql, token, row.parent));
}

async function hasUsedChild(
  sql: Sql,
  { tenant, login }: { readonly tenant: string; readonly login: string },
  parent: string,
): Promise<boolean> {
  const rows = await sql.query(
    `SELECT 1 FROM refresh_tokens
     WHERE tenant = $1 AND login = $2 AND parent = $3 AND used_at IS NOT NULL LIMIT 1`,
    [tenant, login, parent],
  );
  return rows.length > 0;
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
