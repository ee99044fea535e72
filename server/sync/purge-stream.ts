import type { DomainEvent } from '#shared/events/envelope.ts';
import { recordAudit, type Actor } from '../audit/audit-log.ts';
import type { ServerContext } from '../context.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';
import { foldIntoRows, lockRows, placesOf, unlockedOf, type FactIn } from './fold-into-rows.ts';
import { numberEntries, type Entry } from './number-entries.ts';

export interface Purged {
  readonly events: number;
  /** All scopes that had the stream. */
  readonly scopes: readonly string[];
}

interface Held {
  readonly scope: string;
  readonly body: string;
}

/**
 * Deletes a stream for good: the bodies of its events and of its refused ones, its rows, and what it did to other
 * rows. Numbers, ids and hashes stay, so that the feed has no gaps, old offers get their old verdicts, and chains go
 * on; each scope that had the stream gets a `deleted` entry for each event. Who may do this the caller has asked; it is audited.
 */
export async function purgeStream(
  context: Pick<ServerContext, 'database' | 'domain' | 'pokes' | 'bootstrap' | 'now'>,
  actor: Actor,
  stream: string,
): Promise<Purged> {
  const { tenant } = actor;
  const purged = await writeWithRetry(context.database, async (sql) => {
    const done = await purge(sql, context, tenant, stream);
    const detail = { events: done.events, scopes: done.scopes };
    await recordAudit(sql, actor, context.now(), { act: 'stream.purged', subject: stream, detail });
    return done;
  });
  await context.bootstrap.dropForbidden(tenant, purged.scopes);
  if (purged.scopes.length > 0) context.pokes.changed(tenant, purged.scopes);
  return purged;
}

async function purge(
  sql: Sql,
  { domain }: Pick<ServerContext, 'domain'>,
  tenant: string,
  stream: string,
): Promise<Purged> {
  const expected = await readHeld(sql, tenant, stream);
  const rows = await lockRows(sql, tenant, placesOf(domain, expected.map(factOf)));
  // Behind the lock nobody adds to the stream, nor shares it.
  const held = await readHeld(sql, tenant, stream);
  const facts = held.map(factOf);
  if (unlockedOf(rows, placesOf(domain, facts)).length > 0) throw new StreamChanged();
  await foldIntoRows(sql, domain, tenant, rows, [], facts);
  await sql.query(
    `UPDATE events SET purged = true, body = '', exception_detail = NULL WHERE tenant = $1 AND id = ANY($2)`,
    [tenant, [...new Set(facts.map(({ event }) => event.id))]],
  );
  // What was refused as malformed, or under another device's name, stands under no stream: its own words tell.
  await sql.query(
    `UPDATE refusals SET body = '', detail = NULL
     WHERE tenant = $1 AND (stream = $2 OR position($3 IN body) > 0)`,
    [tenant, stream, `"stream":${JSON.stringify(stream)}`],
  );
  await sql.query('UPDATE shares SET active = false WHERE tenant = $1 AND stream = $2', [tenant, stream]);
  const entries = facts.map(({ scope, event }): Entry => ({
    scope,
    kind: 'deleted',
    id: event.id,
    stream,
    home: event.scope,
  }));
  const scopes = await numberEntries(sql, tenant, [], entries);
  return { events: new Set(facts.map(({ event }) => event.id)).size, scopes };
}

/** A fact came in between reading and locking: the transaction runs again (serialization failure). */
class StreamChanged extends Error {
  override readonly name = 'StreamChanged';
  readonly code = '40001';
}

/** The stream's facts in every scope that has them. */
async function readHeld(sql: Sql, tenant: string, stream: string): Promise<Held[]> {
  return sql.query<Held>(
    `SELECT t.scope, e.body FROM event_entities t
     JOIN events e ON e.tenant = t.tenant AND e.id = t.id
     WHERE t.tenant = $1 AND t.key = $2 AND e.stream = $2 ORDER BY t.scope, e.scope, e.n`,
    [tenant, stream],
  );
}

function factOf({ scope, body }: Held): FactIn {
  return { scope, event: JSON.parse(body) as DomainEvent };
}
