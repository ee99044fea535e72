import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageFailure } from '../blobs/storage-failure.ts';
import type { Storage } from '../blobs/storage.ts';
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
    /** Told, and no reason to be not ready: facts do not wait for bytes, and the other nodes have the same store. */
    readonly storage: string;
  };
}

/** A balancer asks every few seconds: a database that takes longer is not there for it. */
const PATIENCE_MS = 3_000;
const LOOK_EVERY_MS = 10_000;

/** Whether this node can do its work now. Writes and removes one small file. */
export async function readReadiness(
  database: Database,
  folder: string,
  epoch: string,
  storage: StorageWatch,
): Promise<Readiness> {
  const [database_, tables, ownEpoch, disk, stored] = await Promise.all([
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
    storage.state(),
  ]);
  const needed = { database: database_, tables, epoch: ownEpoch, disk };
  const ready = Object.values(needed).every((check) => check === 'ok');
  return { ready, checks: { ...needed, storage: stored } };
}

/** Looks at most every ten seconds whether the store is there, however many ask. */
export class StorageWatch {
  readonly #storage: Storage;
  readonly #now: () => number;
  #asked: { readonly at: number; readonly state: Promise<string> } | undefined;

  /** @param now monotonic milliseconds. */
  constructor(storage: Storage, now: () => number = () => performance.now()) {
    this.#storage = storage;
    this.#now = now;
  }

  /** `ok`, or a sentence. */
  state(): Promise<string> {
    const at = this.#now();
    if (this.#asked !== undefined && at - this.#asked.at < LOOK_EVERY_MS) return this.#asked.state;
    const state = attempt('The object storage does not answer.', () => this.#storage.probe(false));
    this.#asked = { at, state };
    return state;
  }
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
        (error: unknown) => (error instanceof StorageFailure ? error.message : sentence),
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
