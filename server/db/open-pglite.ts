import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { bindText, ViewRoles } from './bind-view.ts';
import type { Database, Sql } from './database.ts';
import { DurableNodeFs, syncTree } from './durable-node-fs.ts';

/**
 * PGlite's own start parameters without `-F` (fsync off), and with the way of
 * syncing that NODEFS can carry: Emscripten's fdatasync does nothing.
 */
function durableParameters(): string[] {
  const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] };
  const kept = defaultStartParams.filter((parameter) => parameter !== '-F');
  return [...kept, '-c', 'fsync=on', '-c', 'wal_sync_method=fsync', '-c', 'full_page_writes=on'];
}

/** Opens, or creates, a PostgreSQL in this process in `folder`. The caller holds the lock of the folder. */
export async function openPglite(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = !existsSync(join(folder, 'PG_VERSION'));
  const files = new DurableNodeFs(folder);
  const pg = await PGlite.create({ dataDir: folder, fs: files, startParams: durableParameters() });
  if (fresh) {
    await pg.exec('CHECKPOINT');
    await syncTree(folder);
  }
  const roles = new ViewRoles();
  const durable = await provesDurable(pg, files);
  return {
    durable,
    query: (text, parameters) => run(pg, text, parameters),
    transaction: (mode, work, options) =>
      pg.transaction(async (transaction) => {
        const sql: Sql = { query: (text, parameters) => run(transaction, text, parameters) };
        if (mode === 'snapshot')
          await transaction.exec('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
        if (options?.as !== undefined) await transaction.exec(bindText(options.as, await roles.exist(sql)));
        return work(sql);
      }),
    notify: () => Promise.resolve(),
    onNotified: () => undefined,
    close: () => pg.close(),
  };
}

async function run<R extends object>(
  target: PGlite | Transaction,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<R[]> {
  const { rows } = await target.query<R>(text, [...parameters]);
  await letOthersRun();
  return rows;
}

/** So long others wait at most, but for a statement that takes longer itself. */
const TURN_MS = 10;
let lastTurn = 0;

/**
 * The database runs in this very thread, and statements follow each other without a turn of the event loop: a push of many
 * facts, and the next one behind it, would keep everything else waiting for seconds, from health checks to reading files.
 */
async function letOthersRun(): Promise<void> {
  if (performance.now() - lastTurn < TURN_MS) return;
  await nextTurn();
  lastTurn = performance.now();
}

/** Writes something and looks whether the disk was reached: settings alone could lie after an update of PGlite. */
async function provesDurable(pg: PGlite, files: DurableNodeFs): Promise<boolean> {
  const sql: Sql = { query: (text, parameters) => run(pg, text, parameters) };
  const [settings] = await sql.query<{ fsync: string; commit: string }>(
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
  );
  const before = files.syncs;
  await pg.exec('CREATE TABLE IF NOT EXISTS durability_probe (at text); DROP TABLE durability_probe');
  return settings?.fsync === 'on' && settings.commit === 'on' && files.syncs > before;
}
