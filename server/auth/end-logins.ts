import type { Sql } from '../db/database.ts';

/** Whose logins end. `but`: that device of the user keeps its own. */
export type LoginsOf = { readonly user: string; readonly but?: string } | { readonly device: string };

/**
 * Why a login ended before its time. `reused`: a refresh token came a second time; `newKey`: the device logged in with
 * another key; `changed`: a new password, a disabled account, or the office said so.
 */
export type EndedBy = 'reused' | 'newKey' | 'changed';

/** Ends all logins of a user or of a device: their tokens open nothing from the commit on. */
export async function endLogins(sql: Sql, tenant: string, of: LoginsOf, by: EndedBy): Promise<void> {
  const [column, id, kept] =
    'user' in of ? ['user_id', of.user, of.but ?? null] : ['device_id', of.device, null];
  await sql.query(
    `UPDATE logins SET ended_at = (extract(epoch FROM now()) * 1000)::bigint, ended_by = $3
     WHERE tenant = $1 AND ${column} = $2 AND ended_at IS NULL AND device_id IS DISTINCT FROM $4`,
    [tenant, id, by, kept],
  );
  await sql.query(
    `DELETE FROM sessions WHERE tenant = $1 AND ${column} = $2 AND device_id IS DISTINCT FROM $3`,
    [tenant, id, kept],
  );
}
