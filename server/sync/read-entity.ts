import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import type { Sql } from '../db/database.ts';
import { eventLine } from './feed.ts';
import { viewOf, visibleScopes } from './rights.ts';

/**
 * All facts that touch an entity, in fold order, as lines of NDJSON; only from scopes that the user may see. A fact
 * that several of them give comes once, from its home scope where he sees that.
 */
export async function readEntity(
  context: Pick<ServerContext, 'database'>,
  session: Session,
  key: string,
): Promise<string[]> {
  const { account } = session;
  const read = async (sql: Sql): Promise<string[]> => {
    const scopes = await visibleScopes(sql, account);
    const rows = await sql.query<{ id: string; scope: string; n: number; body: string }>(
      `SELECT e.id, t.scope, e.body, CASE WHEN t.scope = e.scope THEN e.n ELSE
         (SELECT max(d.n) FROM deliveries d WHERE d.tenant = e.tenant AND d.id = e.id AND d.scope = t.scope)
         END AS n
       FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
       WHERE t.tenant = $1 AND t.key = $2 AND t.scope = ANY($3)
       ORDER BY t.hlc, t.id, t.scope <> e.scope, t.scope`,
      [account.tenant, key, scopes],
    );
    const once = rows.filter(({ id }, place) => rows[place - 1]?.id !== id);
    return once.map(({ scope, n, body }) => eventLine(scope, n, body));
  };
  return context.database.transaction('snapshot', read, { as: viewOf(account) });
}
