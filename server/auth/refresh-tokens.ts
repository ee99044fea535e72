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

/** Begins a login of a device that has a key, and gives its first pair. */
export async function beginLogin(
  sql: Sql,
  owner: Omit<NewSession, 'login'>,
  lives: TokenLives,
): Promise<TokenPair> {
  const login = randomUUID();
  await sql.query(
    'INSERT INTO logins (tenant, id, user_id, device_id, started_at) VALUES ($1, $2, $3, $4, $5)',
    [owner.tenant, login, owner.userId, owner.deviceId, lives.nowMs],
  );
  return mintPair(sql, { ...owner, login }, null, lives);
}

/** Makes an access token and a refresh token; `parent`: the hash of the refresh token that was given for them. */
export async function mintPair(
  sql: Sql,
  session: NewSession,
  parent: string | null,
  { nowMs, accessTtlMs }: TokenLives,
): Promise<TokenPair> {
  const refreshToken = newSecret();
  const refreshExpiresAtMs = nowMs + REFRESH_TTL_MS;
  const expiresAtMs = nowMs + accessTtlMs;
  await sql.query('DELETE FROM refresh_tokens WHERE expires_at < $1', [nowMs - REFRESH_TTL_MS]);
  await sql.query(
    'INSERT INTO refresh_tokens (token_hash, tenant, login, parent, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [hashSecret(refreshToken), session.tenant, session.login, parent, refreshExpiresAtMs],
  );
  return {
    token: await openSession(sql, session, nowMs, expiresAtMs),
    expiresAt: new Date(expiresAtMs).toISOString(),
    refreshToken,
    refreshExpiresAt: new Date(refreshExpiresAtMs).toISOString(),
  };
}
