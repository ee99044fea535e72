import { findAccount } from '../auth/accounts.ts';
import type { Sql } from '../db/database.ts';
import { visibleScopes } from '../sync/rights.ts';

/**
 * Runs a change of accounts and writes down which scopes each of the users can no longer read since then: facts of his
 * that still arrive for them were made in good faith.
 */
export async function notingLosses<T>(
  sql: Sql,
  tenant: string,
  userIds: readonly string[],
  nowMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const before = await scopesOfAll(sql, tenant, userIds);
  const result = await work();
  const after = await scopesOfAll(sql, tenant, userIds);
  for (const id of userIds) {
    const now = after.get(id) ?? new Set<string>();
    const had = before.get(id) ?? new Set<string>();
    const lost = [...had].filter((scope) => !now.has(scope));
    await sql.query(
      `INSERT INTO scope_losses (tenant, user_id, scope, lost_at) SELECT $1, $2, unnest($3::text[]), $4
       ON CONFLICT (tenant, user_id, scope) DO UPDATE SET lost_at = excluded.lost_at`,
      [tenant, id, lost, nowMs],
    );
    await sql.query('DELETE FROM scope_losses WHERE tenant = $1 AND user_id = $2 AND scope = ANY($3)', [
      tenant,
      id,
      [...now],
    ]);
  }
  return result;
}

async function scopesOfAll(
  sql: Sql,
  tenant: string,
  userIds: readonly string[],
): Promise<Map<string, Set<string>>> {
  const all = new Map<string, Set<string>>();
  for (const id of userIds) {
    const account = await findAccount(sql, tenant, id);
    if (account !== undefined) all.set(id, new Set(await visibleScopes(sql, account)));
  }
  return all;
}
