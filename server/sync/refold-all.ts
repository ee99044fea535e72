import { eventTypes } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Database, Sql } from '../db/database.ts';
import type { DomainPort } from './domain.ts';
import { foldIntoRows } from './fold-into-rows.ts';

/** What this version of the domain can fold: another text means that rows made before may lack something. */
export const DOMAIN_FINGERPRINT = Object.entries(eventTypes)
  .map(([name, { v }]) => `${name}@${v}`)
  .toSorted()
  .join(' ');

const BATCH = 1_000;

/**
 * Folds all rows anew when the domain has learnt event types since they were
 * made: an older server took events of newer laptops in verbatim and could not fold them.
 * @returns whether it had to.
 */
export async function refoldIfDomainChanged(
  database: Database,
  domain: DomainPort,
  fingerprint: string,
): Promise<boolean> {
  return database.transaction('write', async (sql) => {
    const [fact] = await sql.query<{ value: string }>(
      `SELECT value FROM server_facts WHERE name = 'domain' FOR UPDATE`,
    );
    if (fact?.value === fingerprint) return false;
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
      const rows = await sql.query<{ n: number; body: string }>(
        'SELECT n, body FROM events WHERE tenant = $1 AND scope = $2 AND n > $3 ORDER BY n LIMIT $4',
        [tenant, scope, cursor, BATCH],
      );
      const last = rows.at(-1);
      if (last === undefined) break;
      cursor = last.n;
      const accepted = rows.map(({ body }) => ({ event: JSON.parse(body) as DomainEvent }));
      await foldIntoRows(sql, domain, tenant, accepted);
    }
  }
}
