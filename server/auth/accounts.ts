import { z } from 'zod';
import type { Database, Sql } from '../db/database.ts';
import { endLogins } from './end-logins.ts';
import { hashPassword } from './passwords.ts';
import { Role } from '#shared/domain/directory/events.ts';
import { AccountId, RegionId } from '#shared/sync/admin.ts';

/** What makes an account. The tenant is made with its first account. */
export const NewAccountSchema = z.object({
  tenant: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('main'),
  /** The login name, and the `actor` of the user's events. */
  id: AccountId,
  name: z.string().min(1).max(80),
  password: z.string().min(1).max(1000),
  roles: z.array(Role).min(1),
  homeRegion: RegionId,
});
export type NewAccount = z.input<typeof NewAccountSchema>;

/** A user as the accounts say now: read anew at each request, so that what is given or taken counts at once. */
export interface Account {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly homeRegion: string;
  /** All regions the user works in, the home region first: those of the teams, and those given directly. */
  readonly regions: readonly string[];
  readonly teams: readonly string[];
}

/** Of `users u`. Names of regions, teams and roles have no spaces, so that lists are one text. */
export const ACCOUNT_COLUMNS = `u.tenant, u.id, u.name, u.roles, u.home_region AS "homeRegion",
  (SELECT string_agg(m.team, ' ' ORDER BY m.team) FROM team_members m
   WHERE m.tenant = u.tenant AND m.user_id = u.id) AS teams,
  (SELECT string_agg(g.region, ' ' ORDER BY g.region) FROM (
     SELECT region FROM user_regions r WHERE r.tenant = u.tenant AND r.user_id = u.id
     UNION SELECT t.region FROM team_members m JOIN teams t ON t.tenant = m.tenant AND t.id = m.team
     WHERE m.tenant = u.tenant AND m.user_id = u.id) AS g) AS regions`;

export type AccountRow = Omit<Account, 'roles' | 'regions' | 'teams'> & {
  readonly roles: string;
  readonly regions: string | null;
  readonly teams: string | null;
};

/** An account as the database has it. */
export function readAccount(row: AccountRow): Account {
  const { tenant, id, name, homeRegion } = row;
  return {
    tenant,
    id,
    name,
    homeRegion,
    roles: words(row.roles),
    regions: [...new Set([homeRegion, ...words(row.regions)])],
    teams: words(row.teams),
  };
}

function words(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(' ');
}

/** Makes the region and its scope, if there is none of that name. It can be named properly later. */
export async function ensureRegion(sql: Sql, tenant: string, region: string): Promise<void> {
  await sql.query(
    'INSERT INTO regions (tenant, id, name_zh, name_en) VALUES ($1, $2, $2, $2) ON CONFLICT DO NOTHING',
    [tenant, region],
  );
  await ensureScopes(sql, tenant, [`region/${region}`]);
}

/** Makes those of the scopes that are missing: facts can be added to them from now on. */
export async function ensureScopes(sql: Sql, tenant: string, scopes: readonly string[]): Promise<void> {
  await sql.query(`INSERT INTO scopes (tenant, scope) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`, [
    tenant,
    scopes,
  ]);
}

/**
 * Until the transaction ends nobody else changes an account of the tenant or opens a login there: a login that was proven by what
 * has changed meanwhile is seen behind the lock.
 */
export async function lockTenant(sql: Sql, tenant: string): Promise<void> {
  await sql.query('SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE', [tenant]);
}

/**
 * Adds an account, or sets the password, name, roles and region of one that exists; a new password ends its sessions.
 * @throws ZodError when the account is not well-formed.
 */
export async function saveAccount(database: Database, account: NewAccount): Promise<void> {
  const { tenant, id, name, password, roles, homeRegion } = NewAccountSchema.parse(account);
  const passwordHash = await hashPassword(password);
  await database.transaction('write', async (sql) => {
    await sql.query('INSERT INTO tenants (tenant) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
    await lockTenant(sql, tenant);
    await sql.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
         roles = excluded.roles, home_region = excluded.home_region, disabled = false, sign_in_ended = false`,
      [tenant, id, name, passwordHash, roles.join(' '), homeRegion],
    );
    await endSessions(sql, tenant, id);
    await ensureRegion(sql, tenant, homeRegion);
    await ensureScopes(sql, tenant, ['org', `user/${id}`]);
  });
}

/** Whether anybody could log in at all: a server that nobody can enter makes its first administrator. */
export async function hasAccounts(sql: Sql): Promise<boolean> {
  return (await sql.query('SELECT 1 FROM users LIMIT 1')).length > 0;
}

export async function hasAccount(sql: Sql, tenant: string, id: string): Promise<boolean> {
  return (await sql.query('SELECT 1 FROM users WHERE tenant = $1 AND id = $2', [tenant, id])).length > 0;
}

/** An account that may be disabled, or `undefined` when there is none. */
export async function findAccount(sql: Sql, tenant: string, id: string): Promise<Account | undefined> {
  const [row] = await sql.query<AccountRow>(
    `SELECT ${ACCOUNT_COLUMNS} FROM users u WHERE u.tenant = $1 AND u.id = $2`,
    [tenant, id],
  );
  return row === undefined ? undefined : readAccount(row);
}

/** Ends every login of the user: what his devices hold opens nothing any more. */
export async function endSessions(sql: Sql, tenant: string, userId: string): Promise<void> {
  await endLogins(sql, tenant, { user: userId }, 'changed');
}
