import type { Account } from '../auth/accounts.ts';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import type { Sql } from '../db/database.ts';
import { eventLine } from './feed.ts';
import { PAGE, type PageLimits } from './pull.ts';
import { viewOf, visibleScopes } from './rights.ts';

/** Where the facts of a scope that touch the entity lie, in fold order. */
interface Place {
  readonly hlc: string;
  readonly id: string;
  readonly scope: string;
  readonly bytes: number;
}

/** A place in fold order, before all others when both are empty. */
type Mark = Pick<Place, 'hlc' | 'id'>;

interface EntityPage {
  readonly lines: readonly string[];
  /** Where the next page begins; `undefined` after the last one. */
  readonly next: Mark | undefined;
}

/**
 * All facts that touch an entity, in fold order, as lines of NDJSON; only from scopes that the user may see. A fact
 * that several of them give comes once, from its home scope where he sees that.
 *
 * They are read page by page as they are taken, each page in a snapshot of its own: an entity of any size needs the memory of
 * one page, and a slow line holds no transaction open. What is added meanwhile may be missing, as if asked for before; what is
 * purged or taken away meanwhile does not come.
 * @param whoAsks as he is now: asked before each page, because a line may be slow for hours.
 * @throws before the first line, as long as an error can still be told; the lines end with it later.
 */
export async function readEntity(
  context: Pick<ServerContext, 'database'>,
  whoAsks: () => Promise<Session>,
  key: string,
  most: PageLimits = PAGE,
): Promise<AsyncIterable<string>> {
  const read = async (after: Mark): Promise<EntityPage> => {
    const { account } = await whoAsks();
    return context.database.transaction('snapshot', (sql) => readPage(sql, account, key, after, most), {
      as: viewOf(account),
    });
  };
  return allLines(await read({ hlc: '', id: '' }), read);
}

async function* allLines(
  first: EntityPage,
  read: (after: Mark) => Promise<EntityPage>,
): AsyncGenerator<string> {
  let { lines, next } = first;
  yield* lines;
  while (next !== undefined) {
    ({ lines, next } = await read(next));
    yield* lines;
  }
}

async function readPage(
  sql: Sql,
  account: Account,
  key: string,
  after: Mark,
  most: PageLimits,
): Promise<EntityPage> {
  const scopes = await visibleScopes(sql, account);
  // From each scope a page at most, by its index; sizes are told without reading what is large.
  const places = await sql.query<Place>(
    `SELECT DISTINCT ON (t.hlc, t.id) t.hlc, t.id, t.scope, octet_length(e.body) AS bytes
     FROM unnest($3::text[]) AS s(scope), LATERAL (
       SELECT hlc, id, scope FROM event_entities
       WHERE tenant = $1 AND key = $2 AND scope = s.scope AND (hlc, id) > ($4, $5) ORDER BY hlc, id LIMIT $6) t
     JOIN events e ON e.tenant = $1 AND e.id = t.id
     ORDER BY t.hlc, t.id, t.scope <> e.scope, t.scope LIMIT $6`,
    [account.tenant, key, scopes, after.hlc, after.id, most.events],
  );
  let bytes = 0;
  const fits = places.filter((place, index) => {
    bytes += place.bytes;
    return index === 0 || bytes <= most.bytes;
  });
  const isLast = fits.length === places.length && places.length < most.events;
  return {
    lines: await readLines(sql, account.tenant, fits),
    next: isLast ? undefined : fits.at(-1),
  };
}

async function readLines(sql: Sql, tenant: string, places: readonly Place[]): Promise<string[]> {
  const rows = await sql.query<{ id: string; n: number; body: string }>(
    `SELECT e.id, e.body, CASE WHEN p.scope = e.scope THEN e.n ELSE
       (SELECT max(d.n) FROM deliveries d WHERE d.tenant = e.tenant AND d.id = e.id AND d.scope = p.scope)
       END AS n
     FROM json_to_recordset($2::json) AS p(id text, scope text) JOIN events e ON e.tenant = $1 AND e.id = p.id`,
    [tenant, JSON.stringify(places)],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return places.flatMap(({ id, scope }) => {
    const row = found.get(id);
    return row === undefined ? [] : [eventLine(scope, row.n, row.body)];
  });
}
