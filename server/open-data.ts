import { randomUUID } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { openStorage, type Storage } from './blobs/storage.ts';
import { lockDataFolder } from './db/data-lock.ts';
import type { Database, Sql } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import { openPglite } from './db/open-pglite.ts';
import { openPostgres } from './db/open-postgres.ts';

export interface DataOptions {
  readonly data?: string;
  readonly databaseUrl?: string;
  /** `s3://bucket/prefix`: attachments, segments and uploads lie there, and not in the folder. */
  readonly blobs?: string;
  /** Hears about idle database connections that broke; they are opened anew by themselves. */
  readonly onLost?: (error: Error) => void;
}

export interface OpenData {
  readonly database: Database;
  /** Of the embedded database, and of attachments and segments that are in no bucket. */
  readonly folder: string;
  readonly storage: Storage;
  close(): Promise<void>;
}

/** Where attachments lie when only a database address is given. */
const DEFAULT_FOLDER = join(homedir(), '.faultline-server');

/**
 * Opens the database with its tables up to date, and the folder of files.
 * @throws RangeError when the options name neither; DataFolderLocked.
 */
export async function openData(options: DataOptions): Promise<OpenData> {
  const data = await openRawData(options);
  try {
    await migrate(data.database);
    await data.database.query(
      `INSERT INTO server_facts (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING`,
      [randomUUID()],
    );
    return data;
  } catch (error) {
    await data.close();
    throw error;
  }
}

/**
 * For whatever works on data that are there: a mistyped folder must not become an empty database, whose backup would
 * succeed every night.
 * @throws RangeError when no embedded database lies in the folder. PostgreSQL says by itself what it does not have.
 */
export async function requireData({ data, databaseUrl }: DataOptions): Promise<void> {
  if (data === undefined || databaseUrl !== undefined) return;
  try {
    await access(join(resolve(data), 'database', 'PG_VERSION'));
  } catch (error) {
    throw new RangeError(
      `There are no data of a Faultline server in ${resolve(data)}. Nothing was made there: is --data right? ` +
        'The first start of a server makes them.',
      { cause: error },
    );
  }
}

/** The same as {@link openData} with the tables as they are: a restore makes them itself. */
export async function openRawData(options: DataOptions): Promise<OpenData> {
  if (options.data === undefined && options.databaseUrl === undefined) {
    throw new RangeError(
      'Say where the data is: --data DIR (embedded database) or --database-url URL (PostgreSQL).',
    );
  }
  const folder = resolve(options.data ?? DEFAULT_FOLDER);
  if (options.databaseUrl !== undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const storage = await openStorage(folder, options.blobs);
    const database = await openPostgres(options.databaseUrl, options.onLost ?? (() => undefined));
    const close = async (): Promise<void> => {
      await database.close();
      await storage.close();
    };
    return { database, folder, storage, close };
  }
  const unlock = await lockDataFolder(folder);
  try {
    const storage = await openStorage(folder, options.blobs);
    const database = await openPglite(join(folder, 'database'));
    const close = async (): Promise<void> => {
      await database.close();
      await storage.close();
      await unlock();
    };
    return { database, folder, storage, close };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The database's epoch: made with it, and anew by `renewEpoch`. */
export async function readEpoch(sql: Sql): Promise<string> {
  const [fact] = await sql.query<{ value: string }>(`SELECT value FROM server_facts WHERE name = 'epoch'`);
  if (fact === undefined)
    throw new Error('The database has no epoch: its table server_facts was changed by hand.');
  return fact.value;
}

/**
 * After a restore from a backup: laptops see another epoch, offer what they
 * have once more, and so bring back what the backup did not have.
 */
export async function renewEpoch(database: Database): Promise<string> {
  return database.transaction('write', renewEpochIn);
}

/** The same inside a transaction of the caller. */
export async function renewEpochIn(sql: Sql): Promise<string> {
  const epoch = randomUUID();
  await sql.query(
    `INSERT INTO server_facts (name, value) VALUES ('epoch', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    [epoch],
  );
  // Laptops bring facts back that name them.
  await sql.query('UPDATE blobs SET unnamed_since = NULL');
  await sql.query('DELETE FROM segments');
  await sql.query('DELETE FROM segment_cuts');
  return epoch;
}
