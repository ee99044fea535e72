import { z } from 'zod';
import type { Database, Sql } from '../db/database.ts';
import { hashPassword } from './passwords.ts';
import { Role } from '#shared/domain/directory/events.ts';

/** What makes an account. The tenant is made with its first account. */
export const NewAccountSchema = z.object({
  tenant: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('main'),
  /** The login name, and the `actor` of the user's events. */
  id: z.string().regex(/^[A-Za-z0-9._-]{1,60}$/),
  name: z.string().min(1).max(80),
  password: z.string().min(1).max(1000),
  roles: z.array(Role).min(1),
  homeRegion: z.string().regex(/^[a-z0-9-]{1,40}$/),
});
export type NewAccount = z.input<typeof NewAccountSchema>;

export interface Account {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly homeRegion: string;
}

export const ACCOUNT_COLUMNS = 'u.tenant, u.id, u.name, u.roles, u.home_region AS "homeRegion"';
export type AccountRow = Omit<Account, 'roles'> & { readonly roles: string };

/** An account as the database has it: roles are words with spaces between. */
export function readAccount(row: AccountRow): Account {
  const { tenant, id, name, homeRegion } = row;
  return { tenant, id, name, homeRegion, roles: row.roles.split(' ') };
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
    await sql.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
         roles = excluded.roles, home_region = excluded.home_region, disabled = false`,
      [tenant, id, name, passwordHash, roles.join(' '), homeRegion],
    );
    await sql.query('DELETE FROM sessions WHERE tenant = $1 AND user_id = $2', [tenant, id]);
    for (const scope of ['org', `region/${homeRegion}`, `user/${id}`]) {
      await sql.query('INSERT INTO scopes (tenant, scope) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        tenant,
        scope,
      ]);
    }
  });
}

/** Whether anybody could log in at all: a server that nobody can enter makes its first administrator. */
export async function hasAccounts(sql: Sql): Promise<boolean> {
  return (await sql.query('SELECT 1 FROM users LIMIT 1')).length > 0;
}

export async function hasAccount(sql: Sql, tenant: string, id: string): Promise<boolean> {
  return (await sql.query('SELECT 1 FROM users WHERE tenant = $1 AND id = $2', [tenant, id])).length > 0;
}
