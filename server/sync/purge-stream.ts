import type { DomainEvent } from '#shared/events/envelope.ts';
import { recordAudit, type Actor } from '../audit/audit-log.ts';
import type { ServerContext } from '../context.ts';
import { forgetReferences, type Forgotten } from '../blobs/blob-references.ts';
import { removeForgotten } from '../blobs/sweep-blobs.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';
import {
  foldIntoRows,
  lockRows,
  placesOf,
  unlockedOf,
  type FactIn,
  type LockedRows,
  type Place,
} from './fold-into-rows.ts';
import { numberEntries, type Entry } from './number-entries.ts';
import { entryOf, readStream } from './plan-delivery.ts';
import { planRecords, saveReasons } from './plan-records.ts';
import { saveShares, type Share } from './shares.ts';
import { MoreRowsNeeded, withAllRows } from './with-all-rows.ts';

export interface Purged {
  readonly events: number;
  /** All scopes that had the stream. */
  readonly scopes: readonly string[];
}

interface Done extends Purged {
  /** Attachments that it has named. */
  readonly forgotten: readonly Forgotten[];
}

interface Held {
  readonly scope: string;
  readonly body: string;
}

/**
 * Deletes a stream for good: the bodies of its events and of its refused ones, its rows, and what it did to other
 * rows. Numbers, ids and hashes stay, so that the feed has no gaps, old offers get their old verdicts, and chains go
 * on; each scope that had the stream gets a `deleted` entry for each event. With a shared ticket
 * the records leave that were shared because of it. Who may do this the caller has asked; it is audited.
 */
export async function purgeStream(
  context: Pick<ServerContext, 'database' | 'domain' | 'pokes' | 'bootstrap' | 'blobs' | 'now'>,
  actor: Actor,
  stream: string,
): Promise<Purged> {
  const { tenant } = actor;
  const { forgotten, ...purged } = await writeWithRetry(context.database, async (sql) => {
    const done = await purge(sql, context, tenant, stream);
    const detail = { events: done.events, scopes: done.scopes };
    await recordAudit(sql, actor, context.now(), { act: 'stream.purged', subject: stream, detail });
    return done;
  });
  await removeForgotten(context, tenant, forgotten);
  await context.bootstrap.dropForbidden(tenant, purged.scopes);
  if (purged.scopes.length > 0) context.pokes.changed(tenant, purged.scopes);
  return purged;
}

async function purge(
  sql: Sql,
  context: Pick<ServerContext, 'domain'>,
  tenant: string,
  stream: string,
): Promise<Done> {
  await sql.query('SAVEPOINT purging');
  return withAllRows(sql, 'purging', (besides) => purgeWith(sql, context, tenant, stream, besides));
}

async function purgeWith(
  sql: Sql,
  { domain }: Pick<ServerContext, 'domain'>,
  tenant: string,
  stream: string,
  besides: readonly Place[],
): Promise<Done> {
  const expected = await readHeld(sql, tenant, stream);
  const rows = await lockRows(sql, tenant, [...placesOf(domain, expected.map(factOf)), ...besides]);
  // Behind the lock nobody adds to the stream, nor shares it.
  const held = await readHeld(sql, tenant, stream);
  const facts = held.map(factOf);
  if (unlockedOf(rows, placesOf(domain, facts)).length > 0) throw new StreamChanged();
  const records = await recordsWithout(sql, tenant, rows, stream);
  const places = placesOf(domain, records.lost);
  if (unlockedOf(rows, places).length > 0) throw new MoreRowsNeeded(places);

  await foldIntoRows(sql, domain, tenant, rows, [], [...facts, ...records.lost]);
  const ids = [...new Set(facts.map(({ event }) => event.id))];
  await sql.query(
    `UPDATE events SET purged = true, body = '', exception_detail = NULL WHERE tenant = $1 AND id = ANY($2)`,
    [tenant, ids],
  );
  // What was refused as malformed, or under another device's name, stands under no stream: its own words tell.
  const refused = await sql.query<{ id: string }>(
    `UPDATE refusals SET body = '', detail = NULL
     WHERE tenant = $1 AND (stream = $2 OR position($3 IN body) > 0) RETURNING id`,
    [tenant, stream, `"stream":${JSON.stringify(stream)}`],
  );
  const refusedIds = refused.map(({ id }) => id);
  const forgotten = await forgetReferences(sql, tenant, ids, refusedIds);
  await sql.query('UPDATE shares SET active = false WHERE tenant = $1 AND stream = $2', [tenant, stream]);
  await saveShares(sql, tenant, [...records.plan.decided.values()]);
  await saveReasons(sql, tenant, records.plan);
  await sql.query('DELETE FROM share_reasons WHERE tenant = $1 AND stream = $2', [tenant, stream]);
  const deleted = facts.map(({ scope, event }): Entry => ({
    scope,
    kind: 'deleted',
    id: event.id,
    stream,
    home: event.scope,
  }));
  const scopes = await numberEntries(sql, tenant, [], [...deleted, ...records.entries]);
  return { events: ids.length, scopes, forgotten };
}

/** The records that were shared because of this ticket only, and leave with it. */
async function recordsWithout(sql: Sql, tenant: string, rows: LockedRows, ticket: string) {
  const shares = await sql.query<Share>(
    'SELECT stream, home, scope, hlc, id, active FROM shares WHERE tenant = $1 AND stream = $2 AND active',
    [tenant, ticket],
  );
  const ended = shares.map((share) => ({ share: { ...share, active: false }, wasActive: true }));
  const plan = await planRecords(sql, tenant, rows, ended, []);
  const lost: FactIn[] = [];
  const entries: Entry[] = [];
  for (const share of plan.decided.values()) {
    const facts = await readStream(sql, tenant, share);
    lost.push(...facts.map((event) => ({ scope: share.scope, event })));
    entries.push(entryOf(share, 'left', share.id));
  }
  return { plan, lost, entries };
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
