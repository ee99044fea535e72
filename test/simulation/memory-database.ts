import { PGlite, type Transaction } from '@electric-sql/pglite';
import { migrate } from '#server/db/migrate.ts';
import type { Database } from '#server/db/database.ts';

/**
 * The server's tables on a PostgreSQL in memory. What survives a loss of power is not asked here
 * (`test/integration/server-safety.test.ts` does), so nothing waits for a disk.
 */
export async function openMemoryDatabase(): Promise<Database> {
  const pg = await PGlite.create();
  const database: Database = {
    durable: true,
    query: (text, parameters) => run(pg, text, parameters),
    transaction: (mode, work) =>
      pg.transaction(async (transaction) => {
        if (mode === 'snapshot')
          await transaction.exec('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        return work({ query: (text, parameters) => run(transaction, text, parameters) });
      }),
    notify: () => Promise.resolve(),
    onNotified: () => undefined,
    close: () => pg.close(),
  };
  await migrate(database);
  return database;
}

async function run<R extends object>(
  target: PGlite | Transaction,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<R[]> {
  return (await target.query<R>(text, [...parameters])).rows;
}
