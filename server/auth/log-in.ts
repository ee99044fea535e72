import type { LoginAnswer, LoginRequestSchema } from '#shared/sync/protocol.ts';
import type { z } from 'zod';
import type { ServerContext } from '../context.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from './accounts.ts';
import { countAttempt, forgive } from './login-throttle.ts';
import { openLogin } from './open-login.ts';
import { passwordFits } from './passwords.ts';

/** What no tenant, user or device is called is not asked for: the database could not even hold all of it. */
const IDENTIFIER = /^[A-Za-z0-9._-]{1,80}$/;

/**
 * Checks the password, registers the device, opens a login.
 * @throws Problem 401 `auth.wrongPassword`, the same for an unknown user; 429 `auth.throttled`; 400 `auth.badKey`.
 */
export async function logIn(
  context: ServerContext,
  request: z.output<typeof LoginRequestSchema>,
  address: string,
): Promise<LoginAnswer> {
  const { database } = context;
  const device = request.device.id;
  const named = (name: string): string => (IDENTIFIER.test(name) ? name : '');
  const who = { tenant: named(request.tenant), user: named(request.user) };
  const counted = await countAttempt(
    database,
    { ...who, address, device: device === undefined ? undefined : named(device) },
    context.now(),
  );
  const [row] = await database.query<AccountRow & { passwordHash: string }>(
    `SELECT ${ACCOUNT_COLUMNS}, u.password_hash AS "passwordHash" FROM users u
     WHERE u.tenant = $1 AND u.id = $2 AND NOT u.disabled`,
    [who.tenant, who.user],
  );
  const fits = await passwordFits(row?.passwordHash, request.password);
  if (row === undefined || !fits) {
    throw new Problem(401, 'auth.wrongPassword', 'The user name or the password is wrong.');
  }
  await forgive(database, counted);
  return openLogin(context, readAccount(row), request.device, { by: 'password', address });
}
