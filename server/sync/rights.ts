import { mayAppend, mayRead, readableScopes, type AppendOptions } from '#shared/domain/rights/rights.ts';
import type { Account } from '../auth/accounts.ts';
import type { Sql, View } from '../db/database.ts';

/** Whether the user may read the scope. */
export function maySee(account: Account, scope: string): boolean {
  return mayRead(account, scope);
}

/** Whether the user may add a fact of this type to the scope. */
export function mayWrite(
  account: Account,
  scope: string,
  type: string,
  options: AppendOptions = {},
): boolean {
  return mayAppend(account, scope, type, options);
}

/** The scopes of the tenant that exist and that the user may read, sorted. */
export async function visibleScopes(sql: Sql, account: Account): Promise<string[]> {
  const { named, everyRegion } = readableScopes(account);
  const rows = await sql.query<{ scope: string }>(
    `SELECT scope FROM scopes
     WHERE tenant = $1 AND (scope = ANY($2) OR ($3 AND scope LIKE 'region/%')) ORDER BY scope`,
    [account.tenant, named, everyRegion],
  );
  return rows.map(({ scope }) => scope);
}

/** What the database shows when it serves the user: the scopes he may read, and the facts of his device. */
export function viewOf(account: Account, device = ''): View {
  const { named, everyRegion } = readableScopes(account);
  return { tenant: account.tenant, reach: everyRegion ? 'regions' : 'named', scopes: named, device };
}

/**
 * What the database shows while it takes something in: all of the tenant. A fact is judged against ids and shares of scopes that
 * its writer may not read, and sharing writes into them.
 */
export function viewOfTenant(tenant: string): View {
  return { tenant, reach: 'tenant', scopes: [], device: '' };
}

/** One scope and nothing else. */
export function viewOfScope(tenant: string, scope: string): View {
  return { tenant, reach: 'named', scopes: [scope], device: '' };
}
