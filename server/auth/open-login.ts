import type { LoginAnswer, LoginRequest, RefreshAnswer } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../context.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';
import { recordAudit } from '../audit/audit-log.ts';
import { visibleScopes } from '../sync/rights.ts';
import { ACCOUNT_COLUMNS, lockTenant, readAccount, type Account, type AccountRow } from './accounts.ts';
import { checkDeviceKey } from './device-key.ts';
import { registerDevice, type Device } from './devices.ts';
import { endLogins } from './end-logins.ts';
import { ACCESS_TTL_MS, beginLogin, type TokenPair } from './refresh-tokens.ts';
import { openSession } from './sessions.ts';

/** What a device may be called; anything else is taken for no name at all, and the device gets a new one. */
const IDENTIFIER = /^[A-Za-z0-9._-]{1,80}$/;

/** What a device says of itself at a login. */
export type DeviceAtLogin = LoginRequest['device'];

/** How the user has proven who he is, and from which network address. */
export interface LoginProof {
  readonly by: 'password' | 'provider';
  readonly address: string;
  /** Of the password that fitted. */
  readonly passwordHash?: string;
}

/**
 * Registers the device of an account that has proven who it is, and gives it tokens: with a key a pair that is bound to
 * the key, without one (older laptops) a single token of `context.tokenTtlMs`.
 * @returns `undefined` when the proof does not count any more: the password was changed meanwhile, or the account closed.
 * @throws Problem 400 `auth.badKey`.
 */
export async function openLogin(
  context: ServerContext,
  { tenant, id }: Account,
  claim: DeviceAtLogin,
  proof: LoginProof,
): Promise<LoginAnswer | undefined> {
  const nowMs = context.now();
  const device = {
    id: claim.id !== undefined && IDENTIFIER.test(claim.id) ? claim.id : undefined,
    code: claim.code,
    name: claim.name,
    platform: claim.platform,
  };
  const key = claim.publicKey === undefined ? undefined : checkDeviceKey(claim.publicKey);
  return writeWithRetry(context.database, async (sql) => {
    await lockTenant(sql, tenant);
    const account = await readProven(sql, tenant, id, proof);
    if (account === undefined) return undefined;
    const keyBefore = await keyOf(sql, account, device.id);
    const registered = await registerDevice(sql, account, device, nowMs);
    const newKey = key !== undefined && keyBefore !== null && keyBefore !== key;
    if (newKey) await endLogins(sql, account.tenant, { device: registered.id }, 'newKey');
    await recordAudit(
      sql,
      {
        tenant: account.tenant,
        userId: account.id,
        deviceId: registered.id,
        address: proof.address,
      },
      nowMs,
      {
        act: 'login.opened',
        subject: `user/${account.id}`,
        detail: { by: proof.by, ...(newKey ? { newKey } : {}) },
      },
    );
    return answerLogin(sql, context, account, registered, key);
  });
}

/** The account as it is now, unless the proof counts no more. Looking at a password takes long enough for it to be changed. */
async function readProven(
  sql: Sql,
  tenant: string,
  id: string,
  { passwordHash }: LoginProof,
): Promise<Account | undefined> {
  const [row] = await sql.query<AccountRow>(
    `SELECT ${ACCOUNT_COLUMNS} FROM users u WHERE u.tenant = $1 AND u.id = $2
       AND NOT u.disabled AND NOT u.sign_in_ended AND ($3::text IS NULL OR u.password_hash = $3)`,
    [tenant, id, passwordHash ?? null],
  );
  return row === undefined ? undefined : readAccount(row);
}

/** Opens a login of a device that is registered, and tells the laptop all it has to know. */
export async function answerLogin(
  sql: Sql,
  context: ServerContext,
  account: Account,
  device: Device,
  key: string | undefined,
): Promise<LoginAnswer> {
  return {
    ...(await giveTokens(sql, context, account, device, key)),
    ...(await standingOf(sql, account)),
    epoch: context.epoch,
    tenant: account.tenant,
    userId: account.id,
    deviceId: device.id,
    deviceCode: device.code,
  };
}

/** What a laptop has to know of its user, told anew with each pair of tokens. */
export async function standingOf(sql: Sql, account: Account): Promise<Omit<RefreshAnswer, keyof TokenPair>> {
  return {
    userName: account.name,
    roles: [...account.roles],
    scopes: await visibleScopes(sql, account),
    homeRegion: account.homeRegion,
    regions: [...account.regions],
    teams: [...account.teams],
  };
}

async function giveTokens(
  sql: Sql,
  context: ServerContext,
  account: Account,
  device: Device,
  key: string | undefined,
): Promise<TokenPair> {
  const nowMs = context.now();
  const owner = { tenant: account.tenant, userId: account.id, deviceId: device.id };
  if (key !== undefined) {
    await sql.query('UPDATE devices SET public_key = $3 WHERE tenant = $1 AND id = $2', [
      account.tenant,
      device.id,
      key,
    ]);
    return beginLogin(sql, owner, { nowMs, accessTtlMs: context.accessTtlMs ?? ACCESS_TTL_MS });
  }
  const expiresAtMs = nowMs + context.tokenTtlMs;
  return {
    token: await openSession(sql, { ...owner, login: null }, nowMs, expiresAtMs),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}

async function keyOf(sql: Sql, account: Account, device: string | undefined): Promise<string | null> {
  if (device === undefined) return null;
  const [row] = await sql.query<{ key: string | null }>(
    'SELECT public_key AS key FROM devices WHERE tenant = $1 AND id = $2 AND user_id = $3',
    [account.tenant, device, account.id],
  );
  return row?.key ?? null;
}
