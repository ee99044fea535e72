import type { Sql } from '../db/database.ts';
import { hashSecret, newSecret } from './secrets.ts';

/** What a link lets its bearer do, once. */
export type LinkPurpose = 'firstAdmin';

/** Makes a link's token of 256 bits; only its hash is stored. Earlier links of the same purpose stop working. */
export async function makeLink(
  sql: Sql,
  purpose: LinkPurpose,
  nowMs: number,
  lifeMs: number,
): Promise<string> {
  const token = newSecret();
  await sql.query('DELETE FROM one_time_links WHERE purpose = $1 OR expires_at <= $2', [purpose, nowMs]);
  await sql.query('INSERT INTO one_time_links (token_hash, purpose, expires_at) VALUES ($1, $2, $3)', [
    hashSecret(token),
    purpose,
    nowMs + lifeMs,
  ]);
  return token;
}

/** Whether the link would still work: looking does not use it up, so that a preview in a chat spoils nothing. */
export async function linkWorks(
  sql: Sql,
  purpose: LinkPurpose,
  token: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql.query(
    'SELECT 1 FROM one_time_links WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3',
    [hashSecret(token), purpose, nowMs],
  );
  return rows.length > 0;
}

/** Uses the link up, and tells whether it worked. Of two at the same time one gets `true`. */
export async function useLink(
  sql: Sql,
  purpose: LinkPurpose,
  token: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql.query(
    'DELETE FROM one_time_links WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING 1 AS used',
    [hashSecret(token), purpose, nowMs],
  );
  return rows.length > 0;
}
