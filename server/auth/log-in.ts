import type { LoginAnswer, LoginRequestSchema } from '#shared/sync/protocol.ts';
import type { z } from 'zod';
import { tallyAudit } from '../audit/tally-audit.ts';
import type { ServerContext } from '../context.ts';
import { Problem } from '../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from './accounts.ts';
import { awaitTurn } from './await-turn.ts';
import { closeAttempt, forgive, type CountedAttempt, type LoginAttempt } from './login-throttle.ts';
import { openLogin } from './open-login.ts';
import { passwordFits } from './passwords.ts';

/** What no tenant, user or device is called is not asked for: the database could not even hold all of it. */
const IDENTIFIER = /^[A-Za-z0-9._-]{1,80}$/;

/**
 * Checks the password, registers the device, opens a login. What fails or is turned away is counted in the audit log.
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
  const who: LoginAttempt = {
    tenant: named(request.tenant),
    user: named(request.user),
    address,
    device: device === undefined ? undefined : named(device),
  };
  const counted = await takeTurn(context, who);
  const [row] = await database.query<AccountRow & { passwordHash: string }>(
    `SELECT ${ACCOUNT_COLUMNS}, u.password_hash AS "passwordHash" FROM users u
     WHERE u.tenant = $1 AND u.id = $2 AND NOT u.disabled AND NOT u.sign_in_ended`,
    [who.tenant, who.user],
  );
  let fits = false;
  try {
    fits = await passwordFits(row?.passwordHash, request.password);
  } finally {
    await (fits ? forgive(database, counted) : closeAttempt(database, counted));
  }
  const answer =
    row !== undefined && fits
      ? await openLogin(context, readAccount(row), request.device, {
          by: 'password',
          address,
          passwordHash: row.passwordHash,
        })
      : undefined;
  if (answer !== undefined) return answer;
  await noteFailure(context, who, 'login.failed');
  throw new Problem(401, 'auth.wrongPassword', 'The user name or the password is wrong.');
}

async function takeTurn(context: ServerContext, who: LoginAttempt): Promise<CountedAttempt> {
  try {
    return await awaitTurn(context.database, who, context.now);
  } catch (error) {
    if (error instanceof Problem && error.code === 'auth.throttled')
      await noteFailure(context, who, 'login.throttled');
    throw error;
  }
}

/** Under the user's name only where there is such a user: what else is typed there may be anything, also a password. */
async function noteFailure(
  { database, now }: ServerContext,
  { tenant, user, address }: LoginAttempt,
  act: 'login.failed' | 'login.throttled',
): Promise<void> {
  const known = await database.query('SELECT 1 FROM users WHERE tenant = $1 AND id = $2', [tenant, user]);
  const subject = known.length > 0 ? `user/${user}` : 'login/unknown';
  await tallyAudit(database, { tenant, address, act, subject }, now());
}
