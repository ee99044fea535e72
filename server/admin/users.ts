import type { AdminUser, NewUser, UserChange, UserPage, UserQuerySchema } from '#shared/sync/admin.ts';
import type { z } from 'zod';
import {
  ACCOUNT_COLUMNS,
  endSessions,
  ensureScopes,
  readAccount,
  type Account,
  type AccountRow,
} from '../auth/accounts.ts';
import { endLogins } from '../auth/end-logins.ts';
import { hashPassword } from '../auth/passwords.ts';
import type { Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { notingLosses } from './losses.ts';
import { isoOf, nextKey, unknown, type Office } from './office.ts';

type UserRow = AccountRow & {
  readonly given: string[];
  readonly disabled: boolean;
  readonly signInEnded: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number | null;
};

const USER_COLUMNS = `${ACCOUNT_COLUMNS}, u.disabled, u.sign_in_ended AS "signInEnded",
  ARRAY(SELECT r.region::text FROM user_regions r WHERE r.tenant = u.tenant AND r.user_id = u.id
        ORDER BY r.region) AS given,
  floor(extract(epoch FROM u.created_at) * 1000)::bigint AS "createdAt",
  (SELECT max(d.last_seen_at) FROM devices d WHERE d.tenant = u.tenant AND d.user_id = u.id) AS "lastSeenAt"`;

/** A user with what decides about rights over him. */
interface Standing {
  readonly account: Account;
  readonly user: AdminUser;
}

/** The users in reach, by id. */
export async function listUsers(office: Office, query: z.output<typeof UserQuerySchema>): Promise<UserPage> {
  office.demand('users');
  const rows = await office.database.query<UserRow>(
    `SELECT ${USER_COLUMNS} FROM users u
     WHERE u.tenant = $1 AND u.id > $2 AND ($3::text[] IS NULL OR u.home_region = ANY($3))
       AND position(lower($4) IN lower(u.id || ' ' || u.name)) > 0
     ORDER BY u.id LIMIT $5`,
    [office.tenant, query.after, office.regionsOf('users'), query.search, query.limit],
  );
  const users = rows.map((row) => standingOf(office, row).user);
  return {
    users,
    next: nextKey(
      users.map(({ id }) => id),
      query.limit,
    ),
  };
}

/** @throws Problem 403 `admin.noRight`, 404 `admin.unknown` (region or team), 409 `admin.exists`. */
export async function createUser(office: Office, user: NewUser): Promise<AdminUser> {
  office.demand('users');
  const passwordHash = await hashPassword(user.password);
  const { tenant } = office;
  return office.change(async (sql) => {
    await requirePlaces(sql, office, user.homeRegion, user.regions, user.teams);
    const made = await sql.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING RETURNING id`,
      [tenant, user.id, user.name, passwordHash, user.roles.join(' '), user.homeRegion],
    );
    if (made.length === 0) throw new Problem(409, 'admin.exists', `There is a user ${user.id} already.`);
    await ensureScopes(sql, tenant, [`user/${user.id}`]);
    await savePlaces(sql, tenant, user.id, user.regions, user.teams);
    const { account, user: saved } = await readUser(sql, office, user.id);
    office.demand('users', account);
    const { id, name, roles, homeRegion, regions, teams } = saved;
    await office.audit(sql, {
      act: 'user.created',
      subject: `user/${id}`,
      detail: { name, roles, homeRegion, regions, teams },
    });
    return saved;
  });
}

/**
 * Changes a user; what is not named stays. Disabling him or setting his password ends his logins, everything else counts from
 * his next request on.
 * @throws Problem 403 `admin.noRight`, 404 `admin.unknown`, 409 `admin.lastAdmin`.
 */
export async function changeUser(office: Office, id: string, change: UserChange): Promise<AdminUser> {
  office.demand('users');
  const passwordHash = change.password === undefined ? null : await hashPassword(change.password);
  const { tenant } = office;
  return office.change(async (sql) => {
    const before = await readUser(sql, office, id);
    // Both as he is and as he would be: neither touching somebody above oneself, nor making one.
    office.demand('users', before.account);
    const regions = change.regions ?? before.user.regions;
    const teams = change.teams ?? before.user.teams;
    await requirePlaces(sql, office, change.homeRegion ?? before.user.homeRegion, regions, teams);
    const after = await notingLosses(sql, tenant, [id], office.context.now(), async () => {
      await sql.query(
        `UPDATE users SET name = coalesce($3, name), roles = coalesce($4, roles),
           home_region = coalesce($5, home_region), disabled = coalesce($6, disabled),
           password_hash = coalesce($7, password_hash), sign_in_ended = sign_in_ended AND $7::text IS NULL
         WHERE tenant = $1 AND id = $2`,
        [
          tenant,
          id,
          change.name ?? null,
          change.roles?.join(' ') ?? null,
          change.homeRegion ?? null,
          change.disabled ?? null,
          passwordHash,
        ],
      );
      await savePlaces(sql, tenant, id, regions, teams);
      return readUser(sql, office, id);
    });
    office.demand('users', after.account);
    if (isAdmin(before.user) && !isAdmin(after.user)) await requireAnAdmin(sql, tenant);
    if (passwordHash !== null || after.user.disabled) await endSessions(sql, tenant, id);
    await office.audit(sql, {
      act: actOf(before.user, after.user),
      subject: `user/${id}`,
      detail: {
        ...differences(before.user, after.user),
        ...(passwordHash !== null && { passwordSet: true }),
      },
    });
    return after.user;
  });
}

function standingOf(office: Office, row: UserRow): Standing {
  const account = readAccount(row);
  const { id, name, roles, homeRegion, teams } = account;
  return {
    account,
    user: {
      id,
      name,
      roles: [...roles],
      homeRegion,
      regions: [...row.given],
      teams: [...teams],
      disabled: row.disabled,
      signInEnded: row.signInEnded,
      createdAt: new Date(row.createdAt).toISOString(),
      lastSeenAt: isoOf(row.lastSeenAt),
      mayChange: office.may('users', account),
    },
  };
}

async function readUser(sql: Sql, office: Office, id: string): Promise<Standing> {
  const [row] = await sql.query<UserRow>(
    `SELECT ${USER_COLUMNS} FROM users u
     WHERE u.tenant = $1 AND u.id = $2 AND ($3::text[] IS NULL OR u.home_region = ANY($3))`,
    [office.tenant, id, office.regionsOf('users')],
  );
  if (row === undefined) throw unknown(`user ${id}`);
  return standingOf(office, row);
}

/** @throws Problem 404 `admin.unknown` for a region or a team that is not there or out of reach. */
async function requirePlaces(
  sql: Sql,
  office: Office,
  homeRegion: string,
  regions: readonly string[],
  teams: readonly string[],
): Promise<void> {
  const wantedRegions = [...new Set([homeRegion, ...regions])];
  const reach = office.regionsOf('users');
  const foundRegions = await sql.query(
    'SELECT 1 FROM regions WHERE tenant = $1 AND id = ANY($2) AND ($3::text[] IS NULL OR id = ANY($3))',
    [office.tenant, wantedRegions, reach],
  );
  if (foundRegions.length < wantedRegions.length) throw unknown(`region among ${wantedRegions.join(', ')}`);
  const wantedTeams = [...new Set(teams)];
  const foundTeams = await sql.query(
    'SELECT 1 FROM teams WHERE tenant = $1 AND id = ANY($2) AND ($3::text[] IS NULL OR region = ANY($3))',
    [office.tenant, wantedTeams, reach],
  );
  if (foundTeams.length < wantedTeams.length) throw unknown(`team among ${wantedTeams.join(', ')}`);
}

async function savePlaces(
  sql: Sql,
  tenant: string,
  id: string,
  regions: readonly string[],
  teams: readonly string[],
): Promise<void> {
  await sql.query('DELETE FROM user_regions WHERE tenant = $1 AND user_id = $2', [tenant, id]);
  await sql.query('DELETE FROM team_members WHERE tenant = $1 AND user_id = $2', [tenant, id]);
  await sql.query(
    `INSERT INTO user_regions (tenant, user_id, region)
     SELECT DISTINCT $1, $2, r FROM unnest($3::text[]) AS r`,
    [tenant, id, regions],
  );
  await sql.query(
    `INSERT INTO team_members (tenant, user_id, team) SELECT DISTINCT $1, $2, t FROM unnest($3::text[]) AS t`,
    [tenant, id, teams],
  );
}

function isAdmin({ roles, disabled }: AdminUser): boolean {
  return !disabled && roles.includes('admin');
}

/**
 * Nobody can log in as the user any more until the office sets a new password; his logins end, but that of the device `but`,
 * which is revoked and hands in what it still has.
 * @returns whether it was not so before.
 * @throws Problem 403 `admin.noRight`, 404 `admin.unknown`, 409 `admin.lastAdmin`.
 */
export async function endSignIn(
  sql: Sql,
  office: Office,
  id: string,
  but: { readonly device: string; readonly reason: string },
): Promise<boolean> {
  const { account, user } = await readUser(sql, office, id);
  office.demand('users', account);
  const ended = await sql.query(
    `UPDATE users SET sign_in_ended = true WHERE tenant = $1 AND id = $2 AND NOT sign_in_ended RETURNING id`,
    [office.tenant, id],
  );
  if (ended.length === 0) return false;
  if (isAdmin(user)) await requireAnAdmin(sql, office.tenant);
  await endLogins(sql, office.tenant, { user: id, but: but.device }, 'changed');
  const detail = { device: but.device, reason: but.reason };
  await office.audit(sql, { act: 'user.signInEnded', subject: `user/${id}`, detail });
  return true;
}

/** Somebody must be able to let the others in. @throws Problem 409 `admin.lastAdmin`. */
async function requireAnAdmin(sql: Sql, tenant: string): Promise<void> {
  const rows = await sql.query(
    `SELECT 1 FROM users WHERE tenant = $1 AND NOT disabled AND NOT sign_in_ended
       AND 'admin' = ANY(string_to_array(roles, ' ')) LIMIT 1`,
    [tenant],
  );
  if (rows.length > 0) return;
  throw new Problem(
    409,
    'admin.lastAdmin',
    'This is the last administrator. Make another one first; nothing was changed.',
  );
}

function actOf(before: AdminUser, after: AdminUser): string {
  if (before.disabled === after.disabled) return 'user.changed';
  return after.disabled ? 'user.disabled' : 'user.enabled';
}

/** What is different, as it was and as it is. */
function differences(before: AdminUser, after: AdminUser): Record<string, unknown> {
  const watched = ['name', 'roles', 'homeRegion', 'regions', 'teams', 'disabled', 'signInEnded'] as const;
  return Object.fromEntries(
    watched
      .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => [key, { from: before[key], to: after[key] }]),
  );
}
