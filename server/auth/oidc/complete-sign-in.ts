import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { LoginAnswer, OidcCompleteSchema } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../../context.ts';
import { writeWithRetry, type Sql } from '../../db/database.ts';
import { Problem } from '../../http/problem.ts';
import { ACCOUNT_COLUMNS, readAccount, type Account, type AccountRow } from '../accounts.ts';
import { openLogin } from '../open-login.ts';
import { hashSecret, sameText } from '../secrets.ts';

/** A person may mistype; a program gets five of 29^8. */
const CODE_TRIES = 5;

interface Flow {
  readonly tenant: string;
  readonly challenge: string;
  readonly userId: string | null;
  readonly codeHash: string | null;
}

type Outcome = Account | 'wrongCode';

/**
 * The laptop that began the sign-in completes it with the code from the browser. Once: afterwards the sign-in is gone,
 * as it is after too many wrong codes.
 * @throws Problem 404 `auth.noSignIn` (unknown, over, or another laptop's: nobody learns which), 409 `auth.signInUnfinished`,
 *   401 `auth.wrongCode`, 400 `auth.badKey`.
 */
export async function completeSignIn(
  context: ServerContext,
  request: z.output<typeof OidcCompleteSchema>,
  address: string,
): Promise<LoginAnswer> {
  const outcome = await writeWithRetry(context.database, (sql) => redeemCode(sql, context.now(), request));
  // Thrown only now: that a try was used has to be committed.
  if (outcome === 'wrongCode') {
    throw new Problem(401, 'auth.wrongCode', 'The code is not the one that the page in the browser shows.');
  }
  const answer = await openLogin(context, outcome, request.device, { by: 'provider', address });
  if (answer === undefined) throw noSignIn();
  return answer;
}

async function redeemCode(
  sql: Sql,
  nowMs: number,
  { id, verifier, code }: z.output<typeof OidcCompleteSchema>,
): Promise<Outcome> {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw noSignIn();
  const [flow] = await sql.query<Flow>(
    `SELECT tenant, challenge, user_id AS "userId", code_hash AS "codeHash" FROM oidc_flows
     WHERE id = $1 AND expires_at > $2 AND tries < $3 FOR UPDATE`,
    [id, nowMs, CODE_TRIES],
  );
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  // Another laptop uses up no tries, or it could end this one's sign-in.
  if (flow === undefined || !sameText(challenge, flow.challenge)) throw noSignIn();
  if (flow.userId === null || flow.codeHash === null) {
    throw new Problem(
      409,
      'auth.signInUnfinished',
      'The sign-in in the browser is not finished yet. Its last page shows the code.',
    );
  }
  const typed = code.toUpperCase().replace(/[^0-9A-Z]/g, '');
  if (!sameText(hashSecret(`${id}\n${typed}`), flow.codeHash)) {
    await sql.query('UPDATE oidc_flows SET tries = tries + 1 WHERE id = $1', [id]);
    return 'wrongCode';
  }
  await sql.query('DELETE FROM oidc_flows WHERE id = $1', [id]);
  const [row] = await sql.query<AccountRow>(
    `SELECT ${ACCOUNT_COLUMNS} FROM users u
     WHERE u.tenant = $1 AND u.id = $2 AND NOT u.disabled AND NOT u.sign_in_ended`,
    [flow.tenant, flow.userId],
  );
  if (row === undefined) throw noSignIn();
  return readAccount(row);
}

function noSignIn(): Problem {
  return new Problem(
    404,
    'auth.noSignIn',
    'This sign-in is over: it took too long, was completed already, or too many codes were wrong. Begin again.',
  );
}
