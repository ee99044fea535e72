import type { Role } from '#shared/domain/directory/events.ts';
import type { Account } from '../auth/accounts.ts';
import type { Sql } from '../db/database.ts';

/** The kinds of scope, seen from one user. */
type ScopeKind = 'org' | 'homeRegion' | 'otherRegion' | 'ownUser' | 'otherUser';

interface Right {
  readonly sees: readonly ScopeKind[];
  readonly writes: readonly ScopeKind[];
}

/**
 * The whole table of rights. Everybody reads the catalogue and works in the
 * home region; sharing a ticket with an expert writes into that user's scope;
 * only those who answer for them change what all regions share.
 */
const FIELD: Right = {
  sees: ['org', 'homeRegion', 'ownUser'],
  writes: ['homeRegion', 'ownUser', 'otherUser'],
};
const RIGHTS: Readonly<Record<Role, Right>> = {
  engineer: FIELD,
  technician: FIELD,
  specialist: FIELD,
  desk: FIELD,
  manager: { sees: FIELD.sees, writes: [...FIELD.writes, 'org'] },
  admin: {
    sees: ['org', 'homeRegion', 'otherRegion', 'ownUser'],
    writes: ['org', 'homeRegion', 'otherRegion', 'ownUser', 'otherUser'],
  },
};

/** Whether the user may read the scope. */
export function maySee(account: Account, scope: string): boolean {
  return allowed(account, scope, 'sees');
}

/** Whether the user may add facts to the scope. */
export function mayWrite(account: Account, scope: string): boolean {
  return allowed(account, scope, 'writes');
}

/** The scopes of the tenant that the user may read, sorted. */
export async function visibleScopes(sql: Sql, account: Account): Promise<string[]> {
  const rows = await sql.query<{ scope: string }>(
    'SELECT scope FROM scopes WHERE tenant = $1 ORDER BY scope',
    [account.tenant],
  );
  return rows.map(({ scope }) => scope).filter((scope) => maySee(account, scope));
}

function allowed(account: Account, scope: string, act: keyof Right): boolean {
  const kind = kindOf(account, scope);
  if (kind === undefined) return false;
  return account.roles.some(
    (role) => Object.hasOwn(RIGHTS, role) && RIGHTS[role as Role][act].includes(kind),
  );
}

function kindOf(account: Account, scope: string): ScopeKind | undefined {
  if (scope === 'org') return 'org';
  if (scope.startsWith('region/'))
    return scope === `region/${account.homeRegion}` ? 'homeRegion' : 'otherRegion';
  if (scope.startsWith('user/')) return scope === `user/${account.id}` ? 'ownUser' : 'otherUser';
  return undefined;
}
