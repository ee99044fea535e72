import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { migrate } from '#server/db/migrate.ts';
import type { Database } from '#server/db/database.ts';
import { prepared } from '#test/support/prepared.ts';
import { PreparedConnection } from './prepared-connection.ts';

/** Nobody asks here what a loss of power leaves: nothing is written twice for it. */
const HASTY = [
  '-c',
  'full_page_writes=off',
  '-c',
  'synchronous_commit=off',
  '-c',
  'autovacuum=off',
  '-c',
  'plan_cache_mode=force_generic_plan',
];

/**
 * The server's tables on a PostgreSQL in memory. What survives a loss of power is not asked here
 * (`test/integration/server-safety.test.ts` does), so nothing waits for a disk.
 */
export async function openMemoryDatabase(): Promise<Database> {
  const kept = await prepared('simulation-tables', async (folder) => {
    const { pg, database } = await openTables();
    // What has been written so far is in the files then.
    await pg.exec('CHECKPOINT');
    const file = join(folder, 'tables.tar');
    await writeFile(file, Buffer.from(await (await pg.dumpDataDir('none')).arrayBuffer()));
    await database.close();
    return file;
  });
  return (await openTables(kept === undefined ? undefined : await readFile(kept))).database;
}

/** @param content of a database that has the tables; without it they are made. */
async function openTables(content?: Uint8Array<ArrayBuffer>): Promise<{ pg: PGlite; database: Database }> {
  const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] };
  const pg = await PGlite.create({
    startParams: [...defaultStartParams, ...HASTY],
    ...(content !== undefined && { loadDataDir: new Blob([content]) }),
  });
  const connection = new PreparedConnection(pg);
  const database: Database = {
    durable: true,
    query: (text, parameters) => connection.alone((sql) => sql.query(text, parameters)),
    transaction: (mode, work) =>
      connection.alone(async (sql) => {
        connection.run(mode === 'snapshot' ? SNAPSHOT : 'BEGIN');
        try {
          const result = await work(sql);
          connection.run('COMMIT');
          return result;
        } catch (thrown) {
          connection.run('ROLLBACK');
          throw thrown;
        }
      }),
    notify: () => Promise.resolve(),
    onNotified: () => undefined,
    close: () => pg.close(),
  };
  if (content === undefined) await migrate(database);
  return { pg, database };
}

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';
