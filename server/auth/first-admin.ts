import { recordAudit } from '../audit/audit-log.ts';
import type { ServerContext } from '../context.ts';
import { hasAccount, hasAccounts, saveAccount } from './accounts.ts';
import { makeLink, useLink } from './one-time-links.ts';

/** Long enough for whoever installs today and sets up tomorrow morning. */
const LINK_LIFE_MS = 24 * 3_600_000;
/** Its name is what the documents say, so it is not asked for. */
export const FIRST_ADMIN = 'admin';

/**
 * A server that nobody can enter gives out a link that makes its administrator, once, within a day. Each start before
 * that gives a new one.
 * @returns the path of the link, `undefined` when there are accounts already.
 */
export async function makeFirstAdminLink({ database, now }: ServerContext): Promise<string | undefined> {
  if (await hasAccounts(database)) return undefined;
  return `/v1/first-admin/${await database.transaction('write', (sql) => makeLink(sql, 'firstAdmin', now(), LINK_LIFE_MS))}`;
}

/**
 * Uses the link up and makes the administrator. False when the link does not work (any more), also because the account
 * was made in another way since: a link gives nobody else's account away.
 */
export async function makeFirstAdmin(
  { database, now }: ServerContext,
  token: string,
  { name, password }: { readonly name: string; readonly password: string },
  address: string,
): Promise<boolean> {
  if (!(await database.transaction('write', (sql) => useLink(sql, 'firstAdmin', token, now())))) return false;
  if (await hasAccount(database, 'main', FIRST_ADMIN)) return false;
  await saveAccount(database, {
    id: FIRST_ADMIN,
    name,
    password,
    roles: ['admin'],
    homeRegion: 'main',
  });
  const actor = { tenant: 'main', userId: FIRST_ADMIN, deviceId: '', address };
  const done = { act: 'user.created', subject: `user/${FIRST_ADMIN}`, detail: { by: 'oneTimeLink' } };
  await recordAudit(database, actor, now(), done);
  return true;
}
