import { eventTypes } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { writeWithRetry, type Database, type Sql } from '../db/database.ts';
import type { DomainPort } from './domain.ts';
import { foldIntoRows, lockRows, placesOf, type FactIn } from './fold-into-rows.ts';

/** What this version of the domain can fold: another text means that rows made before may lack something. */
export const DOMAIN_FINGERPRINT = Object.entries(eventTypes)
  .map(([name, { v }]) => `${name}@${v}`)
  .toSorted()
  .join(' ');

const BATCH = 1_000;

/**
 * Folds all rows anew when the domain has learnt event types since they were
 * made: an older server took events of newer laptops in verbatim and could not fold them. Whoever writes meanwhile waits.
 * @returns whether it had to.
 */
export async function refoldIfDomainChanged(
  database: Database,
  domain: DomainPort,
  fingerprint: string,
): Promise<boolean> {
  return writeWithRetry(database, async (sql) => {
    const [fact] = await sql.query<{ value: string }>(
      `SELECT value FROM server_facts WHERE name = 'domain' FOR UPDATE`,
    );
    if (fact?.value === fingerprint) return false;
    // In the order in which a push comes to them. Reading goes on.
    await sql.query('LOCK TABLE rows, event_entities, events, scopes IN EXCLUSIVE MODE');
    await refoldAll(sql, domain);
    await sql.query(
      `INSERT INTO server_facts (name, value) VALUES ('domain', $1)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [fingerprint],
    );
    return true;
  });
}

async function refoldAll(sql: Sql, domain: DomainPort): Promise<void> {
  for (const table of ['event_entities', 'rows', 'segments', 'segment_cuts'])
    await sql.query(`DELETE FROM ${table}`);
  const scopes = await sql.query<{ tenant: string; scope: string }>('SELECT tenant, scope FROM scopes');
  for (const { tenant, scope } of scopes) {
    let cursor = 0;
    for (;;) {
      const rows = await sql.query<{ n: number; purged: boolean; body: string }>(
        'SELECT n, purged, body FROM events WHERE tenant = $1 AND scope = $2 AND n > $3 ORDER BY n LIMIT $4',
        [tenant, scope, cursor, BATCH],
      );
      const last = rows.at(-1);
      if (last === undefined) break;
      cursor = last.n;
      const kept = rows.filter(({ purged }) => !purged);
      await refold(
        sql,
        domain,
        tenant,
        kept.map(({ body }) => ({ scope, event: readBody(body) })),
      );
    }
  }
  for (const { tenant, stream, home, scope } of await readActiveShares(sql)) {
    const rows = await sql.query<{ body: string }>(
      `SELECT e.body FROM event_entities t JOIN events e ON e.tenant = t.tenant AND e.id = t.id
       WHERE t.tenant = $1 AND t.key = $2 AND t.scope = $3 AND e.stream = $2 AND e.scope = $3 ORDER BY e.n`,
      [tenant, stream, home],
    );
    await refold(
      sql,
      domain,
      tenant,
      rows.map(({ body }) => ({ scope, event: readBody(body) })),
    );
  }
}

async function refold(sql: Sql, domain: DomainPort, tenant: string, facts: readonly FactIn[]): Promise<void> {
  const rows = await lockRows(sql, tenant, placesOf(domain, facts));
  await foldIntoRows(sql, domain, tenant, rows, facts);
}

function readActiveShares(
  sql: Sql,
): Promise<{ tenant: string; stream: string; home: string; scope: string }[]> {
  return sql.query(
    'SELECT tenant, stream, home, scope FROM shares WHERE active ORDER BY tenant, scope, stream',
  );
}

function readBody(body: string): DomainEvent {
  return JSON.parse(body) as DomainEvent;
}
