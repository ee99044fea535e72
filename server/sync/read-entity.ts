import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { eventLine } from './pull.ts';
import { visibleScopes } from './rights.ts';

/** All facts that touch an entity, in fold order, as lines of NDJSON; only from scopes that the user may see. */
export async function readEntity(context: ServerContext, session: Session, key: string): Promise<string[]> {
  const { account } = session;
  return context.database.transaction('snapshot', async (sql) => {
    const scopes = await visibleScopes(sql, account);
    const rows = await sql.query<{ scope: string; n: number; body: string }>(
      `SELECT e.scope, e.n, e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
       WHERE t.tenant = $1 AND t.key = $2 AND t.scope = ANY($3) ORDER BY t.hlc, t.id`,
      [account.tenant, key, scopes],
    );
    return rows.map(({ scope, n, body }) => eventLine(scope, n, body));
  });
}
