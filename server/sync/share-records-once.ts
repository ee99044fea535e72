import { writeWithRetry, type Database, type Sql } from '../db/database.ts';
import { acceptEvents } from './accept-events.ts';
import type { DomainPort } from './domain.ts';
import type { Place } from './fold-into-rows.ts';
import type { Share } from './shares.ts';
import { withAllRows } from './with-all-rows.ts';

/** What is done is written down under this name. */
const FACT = 'shared-records';

/**
 * Lets the records go along with tickets that an earlier version shared alone. Once for a database; doing it again
 * changes nothing.
 * @returns whether it was done now.
 */
export async function shareRecordsOnce(database: Database, domain: DomainPort): Promise<boolean> {
  const [done] = await database.query('SELECT 1 FROM server_facts WHERE name = $1', [FACT]);
  if (done !== undefined) return false;
  const tickets = await database.query<{ tenant: string; stream: string; home: string }>(
    `SELECT DISTINCT tenant, stream, home FROM shares WHERE active AND stream LIKE 'ticket/%'
     ORDER BY tenant, home, stream`,
  );
  // One by one: each is a change like any other, and a server that stops in between goes on here.
  for (const { tenant, stream, home } of tickets)
    await writeWithRetry(database, (sql) =>
      shareRecordsOf(sql, domain, tenant, { scope: home, key: stream }),
    );
  await database.query(`INSERT INTO server_facts (name, value) VALUES ($1, '1') ON CONFLICT DO NOTHING`, [
    FACT,
  ]);
  return true;
}

async function shareRecordsOf(sql: Sql, domain: DomainPort, tenant: string, ticket: Place): Promise<void> {
  await sql.query('SAVEPOINT sharing');
  await withAllRows(sql, 'sharing', async (besides) => {
    const shares = await sql.query<Share>(
      `SELECT stream, home, scope, hlc, id, active FROM shares
       WHERE tenant = $1 AND stream = $2 AND home = $3 AND active`,
      [tenant, ticket.key, ticket.scope],
    );
    return acceptEvents(sql, domain, tenant, [], [ticket, ...besides], shares);
  });
}
