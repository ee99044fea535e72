import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { lockDataFolder } from './db/data-lock.ts';
import type { Database } from './db/database.ts';
import { migrate } from './db/migrate.ts';
import { openPglite } from './db/open-pglite.ts';
import { openPostgres } from './db/open-postgres.ts';

export interface DataOptions {
  readonly data?: string;
  readonly databaseUrl?: string;
  /** Hears about idle database connections that broke; they are opened anew by themselves. */
  readonly onLost?: (error: Error) => void;
}

export interface OpenData {
  readonly database: Database;
  /** Where attachments and segments lie. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Where attachments lie when only a database address is given. */
const DEFAULT_FOLDER = join(homedir(), '.faultline-server');

/**
 * Opens the database with its tables up to date, and the folder of files.
 * @throws RangeError when the options name neither; DataFolderLocked.
 */
export async function openData(options: DataOptions): Promise<OpenData> {
  if (options.data === undefined && options.databaseUrl === undefined) {
    throw new RangeError(
      'Say where the data is: --data DIR (embedded database) or --database-url URL (PostgreSQL).',
    );
  }
  const folder = resolve(options.data ?? DEFAULT_FOLDER);
  if (options.databaseUrl !== undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const database = await openPostgres(options.databaseUrl, options.onLost ?? (() => undefined));
    return opened(database, folder, () => Promise.resolve());
  }
  const unlock = await lockDataFolder(folder);
  try {
    return await opened(await openPglite(join(folder, 'database')), folder, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function opened(database: Database, folder: string, unlock: () => Promise<void>): Promise<OpenData> {
  const close = async (): Promise<void> => {
    await database.close();
    await unlock();
  };
  try {
    await migrate(database);
    await database.query(
      `INSERT INTO server_facts (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING`,
      [randomUUID()],
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { database, folder, close };
}

/** The database's epoch: made with it, and anew by `renewEpoch`. */
export async function readEpoch(database: Database): Promise<string> {
  const [fact] = await database.query<{ value: string }>(
    `SELECT value FROM server_facts WHERE name = 'epoch'`,
  );
  if (fact === undefined)
    throw new Error('The database has no epoch: its table server_facts was changed by hand.');
  return fact.value;
}

/**
 * After a restore from a backup: laptops see another epoch, offer what they
 * have once more, and so bring back what the backup did not have.
 */
export async function renewEpoch(database: Database): Promise<string> {
  await database.query(`UPDATE server_facts SET value = $1 WHERE name = 'epoch'`, [randomUUID()]);
  await database.query('DELETE FROM segments');
  await database.query('DELETE FROM segment_cuts');
  return readEpoch(database);
}
