import type { LoginAnswer, LoginRequestSchema } from '#shared/sync/protocol.ts';
import type { z } from 'zod';
import { writeWithRetry } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import type { ServerContext } from '../context.ts';
import { visibleScopes } from '../sync/rights.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from './accounts.ts';
import { registerDevice } from './devices.ts';
import { passwordFits } from './passwords.ts';
import { openSession } from './sessions.ts';

/**
 * Checks the password, registers the device, opens a session.
 * @throws Problem 401 `auth.wrongPassword`, the same for an unknown user; 429 `auth.throttled`.
 */
export async function logIn(
  context: ServerContext,
  request: z.output<typeof LoginRequestSchema>,
  address: string,
): Promise<LoginAnswer> {
  const { database, throttle } = context;
  const nowMs = context.now();
  throttle.attempt(request.tenant, request.user, address, nowMs);
  const [row] = await database.query<AccountRow & { passwordHash: string }>(
    `SELECT ${ACCOUNT_COLUMNS}, u.password_hash AS "passwordHash" FROM users u
     WHERE u.tenant = $1 AND u.id = $2 AND NOT u.disabled`,
    [request.tenant, request.user],
  );
  const fits = await passwordFits(row?.passwordHash, request.password);
  if (row === undefined || !fits) {
    throw new Problem(401, 'auth.wrongPassword', 'The user name or the password is wrong.');
  }
  throttle.succeeded(request.tenant, request.user, address, nowMs);

  const account = readAccount(row);
  const expiresAtMs = nowMs + context.tokenTtlMs;
  return writeWithRetry(database, async (sql) => {
    const device = await registerDevice(sql, account, request.device, nowMs);
    return {
      token: await openSession(sql, account.tenant, account.id, device.id, nowMs, expiresAtMs),
      expiresAt: new Date(expiresAtMs).toISOString(),
      epoch: context.epoch,
      tenant: account.tenant,
      userId: account.id,
      userName: account.name,
      roles: [...account.roles],
      deviceId: device.id,
      deviceCode: device.code,
      scopes: await visibleScopes(sql, account),
      homeRegion: account.homeRegion,
    };
  });
}
