import { PGlite } from '@electric-sql/pglite';
import { migrate } from '#server/db/migrate.ts';
import type { Database } from '#server/db/database.ts';
import { PreparedConnection } from './prepared-connection.ts';

/** Nobody asks here what a loss of power leaves: nothing is written twice for it. */
const HASTY = ['-c', 'full_page_writes=off', '-c', 'synchronous_commit=off', '-c', 'autovacuum=off'];

/**
 * The server's tables on a PostgreSQL in memory. What survives a loss of power is not asked here
 * (`test/integration/server-safety.test.ts` does), so nothing waits for a disk.
 */
export async function openMemoryDatabase(): Promise<Database> {
  const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] };
  const pg = await PGlite.create({ startParams: [...defaultStartParams, ...HASTY] });
  const connection = new PreparedConnection(pg);
  const database: Database = {
    durable: true,
    query: (text, parameters) => connection.alone((sql) => sql.query(text, parameters)),
    transaction: (mode, work) =>
      connection.alone(async (sql) => {
        await pg.execProtocolRaw(connection.simple(mode === 'snapshot' ? SNAPSHOT : 'BEGIN'));
        try {
          const result = await work(sql);
          await pg.execProtocolRaw(connection.simple('COMMIT'));
          return result;
        } catch (thrown) {
          await pg.execProtocolRaw(connection.simple('ROLLBACK'));
          throw thrown;
        }
      }),
    notify: () => Promise.resolve(),
    onNotified: () => undefined,
    close: () => pg.close(),
  };
  await migrate(database);
  return database;
}

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';
