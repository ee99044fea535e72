import { Pool, types, type PoolClient } from 'pg';
import { bindText, ViewRoles } from './bind-view.ts';
import type { Database, Sql } from './database.ts';
import { Listening } from './listening.ts';

const CHANNEL = 'faultline_poke';
const INT8 = 20;

/** `bigint` as a number: our counters stay far below 2^53. */
const typeParsers = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format as 'text'),
};

/** Connects to a PostgreSQL server (15 or newer). `onLost` hears about idle connections that broke. */
export async function openPostgres(url: string, onLost: (error: Error) => void): Promise<Database> {
  const settings = { connectionString: url, types: typeParsers, connectionTimeoutMillis: 10_000 };
  const pool = new Pool({ ...settings, max: 16 });
  const bulk = new Pool({ ...settings, max: 2 });
  const roles = new ViewRoles();
  let closing = false;
  const lost = (error: Error): void => {
    if (!closing) onLost(error);
  };
  pool.on('error', lost);
  bulk.on('error', lost);
  const notified = new Listening(url, CHANNEL, onLost);

  const [state] = (
    await pool.query<{ fsync: string; commit: string }>(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`,
    )
  ).rows;
  return {
    durable: state?.fsync === 'on' && state.commit !== 'off',
    query: (text, parameters) => run(pool, text, parameters),
    transaction: async (mode, work, options) => {
      const begin = mode === 'snapshot' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN';
      const view = options?.as;
      const hasRoles =
        view !== undefined && (await roles.exist({ query: (...query) => run(pool, ...query) }));
      // One message: who looks costs no round trip of its own.
      const first = view === undefined ? begin : `${begin}; ${bindText(view, hasRoles)}`;
      const client = await (options?.bulk === true ? bulk : pool).connect();
      return inTransaction(client, first, work);
    },
    notify: async (payload) => {
      await pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]);
    },
    onNotified: (listener, onGap) => notified.start(listener, onGap),
    close: async () => {
      closing = true;
      await notified.stop();
      await Promise.all([pool.end(), bulk.end()]);
    },
  };
}

async function inTransaction<T>(
  client: PoolClient,
  begin: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  let broken: Error | undefined;
  // Between two statements nobody else hears that the connection has gone, and an error that nobody hears ends the process.
  const onLost = (error: Error): void => {
    broken = error;
  };
  client.on('error', onLost);
  try {
    await client.query(begin);
    const result = await work({ query: (text, parameters) => run(client, text, parameters) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, which rolls back.
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(broken);
  }
}

async function run<R extends object>(
  target: Pool | PoolClient,
  text: string,
  parameters?: readonly unknown[],
): Promise<R[]> {
  const result = await target.query(text, parameters === undefined ? undefined : [...parameters]);
  return result.rows as R[];
}
