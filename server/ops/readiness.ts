import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../db/database.ts';
import { MIGRATIONS, migrationsIn } from '../db/migrate.ts';
import { readEpoch } from '../open-data.ts';

export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or a sentence that says what is wrong and what helps. */
  readonly checks: {
    readonly database: string;
    readonly tables: string;
    readonly epoch: string;
    readonly disk: string;
  };
}

/** A balancer asks every few seconds: a database that takes longer is not there for it. */
const PATIENCE_MS = 3_000;

/** Whether this node can do its work now. Writes and removes one small file. */
export async function readReadiness(database: Database, folder: string, epoch: string): Promise<Readiness> {
  const [database_, tables, ownEpoch, disk] = await Promise.all([
    attempt('The database does not answer.', () => database.query('SELECT 1')),
    attempt(
      'The tables are not those of this version: start it anew, so that it migrates them.',
      async () => {
        const done = await migrationsIn(database);
        if (done.length !== MIGRATIONS.length) throw new Error('Other migrations.');
      },
    ),
    attempt(
      'A backup was restored under this node: start it anew, so that it tells laptops the new epoch.',
      async () => {
        if ((await readEpoch(database)) !== epoch) throw new Error('Another epoch.');
      },
    ),
    attempt('The data folder cannot be written: is its disk full?', () => probe(folder)),
  ]);
  const checks = { database: database_, tables, epoch: ownEpoch, disk };
  return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
}

async function attempt(sentence: string, work: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(sentence), PATIENCE_MS);
  });
  try {
    return await Promise.race([
      work().then(
        () => 'ok',
        () => sentence,
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

async function probe(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `.probe-${randomUUID()}`);
  try {
    // More than fits into a directory entry: an empty file can be made on a full disk.
    await writeFile(path, Buffer.alloc(4096), { mode: 0o600 });
  } finally {
    await rm(path, { force: true });
  }
}
