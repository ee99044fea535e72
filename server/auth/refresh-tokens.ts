import { randomUUID } from 'node:crypto';
import type { Sql } from '../db/database.ts';
import { openSession, type NewSession } from './sessions.ts';
import { hashSecret, newSecret } from './secrets.ts';

/** Life of an access token whose device has a key: what a stolen one is worth. */
export const ACCESS_TTL_MS = 15 * 60_000;
/** A laptop that was off for a month logs in again; what it has not sent waits for that. */
export const REFRESH_TTL_MS = 30 * 24 * 3_600_000;

export interface TokenPair {
  readonly token: string;
  readonly expiresAt: string;
  readonly refreshToken?: string;
  readonly refreshExpiresAt?: string;
}

export interface TokenLives {
  readonly nowMs: number;
  readonly accessTtlMs: number;
}

/** The parts of a refresh token: which login it is of, and what proves it. */
export interface ReadToken {
  readonly tenant: string;
  readonly login: string;
  readonly hash: string;
}

/** A session of a login that can be refreshed. */
export type RefreshableSession = NewSession & { readonly login: string };

/** Begins a login of a device that has a key, and gives its first pair. */
export async function beginLogin(
  sql: Sql,
  owner: Omit<NewSession, 'login'>,
  lives: TokenLives,
): Promise<TokenPair> {
  const login = randomUUID();
  // What nobody can use any more, nor needs to be told about.
  await sql.query(
    `DELETE FROM logins l WHERE l.tenant = $1 AND l.device_id = $2 AND NOT EXISTS (
       SELECT 1 FROM refresh_tokens t WHERE t.tenant = l.tenant AND t.login = l.id AND t.expires_at > $3)`,
    [owner.tenant, owner.deviceId, lives.nowMs - REFRESH_TTL_MS],
  );
  await sql.query(
    'INSERT INTO logins (tenant, id, user_id, device_id, started_at) VALUES ($1, $2, $3, $4, $5)',
    [owner.tenant, login, owner.userId, owner.deviceId, lives.nowMs],
  );
  return mintPair(sql, { ...owner, login }, lives);
}

/**
 * Makes an access token and a refresh token. The refresh token names its login, so that one that is not kept any more
 * can still be told from one that never was: only the last that was used, and what was given for it, are kept.
 */
export async function mintPair(
  sql: Sql,
  session: RefreshableSession,
  { nowMs, accessTtlMs }: TokenLives,
): Promise<TokenPair> {
  const refreshToken = `${session.tenant}.${session.login}.${newSecret()}`;
  const refreshExpiresAtMs = nowMs + REFRESH_TTL_MS;
  const expiresAtMs = nowMs + accessTtlMs;
  await sql.query(
    'INSERT INTO refresh_tokens (token_hash, tenant, login, expires_at) VALUES ($1, $2, $3, $4)',
    [hashSecret(refreshToken), session.tenant, session.login, refreshExpiresAtMs],
  );
  return {
    token: await openSession(sql, session, nowMs, expiresAtMs),
    expiresAt: new Date(expiresAtMs).toISOString(),
    refreshToken,
    refreshExpiresAt: new Date(refreshExpiresAtMs).toISOString(),
  };
}

/** Reads a refresh token; `undefined` when it cannot be one. */
export function readRefreshToken(text: string): ReadToken | undefined {
  const [, tenant, login] = /^([a-z0-9-]{1,40})\.([0-9a-f-]{36})\.[A-Za-z0-9_-]{43}$/.exec(text) ?? [];
  if (tenant === undefined || login === undefined) return undefined;
  return { tenant, login, hash: hashSecret(text) };
}
