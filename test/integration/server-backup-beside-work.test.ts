import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContentFiles } from '#server/blobs/content-files.ts';
import { pathOf } from '#server/blobs/content-store.ts';
import { openPglite } from '#server/db/open-pglite.ts';
import { migrate } from '#server/db/migrate.ts';
import type { Database } from '#server/db/database.ts';
import { checkData, isWhole } from '#server/ops/check-data.ts';
import { writeBackup } from '#server/ops/backup/write-backup.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { sha256 } from '#test/support/sha256.ts';

const ATTACHMENTS = 500;
const TENANT = 'main';

let folder: string;
let database: Database;
let blobs: ContentFiles;
const names: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-beside-work-'));
  await placeEmptyDatabase(folder);
  database = await openPglite(join(folder, 'database'));
  await migrate(database);
  await database.query(
    `INSERT INTO server_facts (name, value) VALUES ('epoch', 'one') ON CONFLICT DO NOTHING`,
  );
  const root = join(folder, 'blobs');
  blobs = new ContentFiles(root);
  for (let n = 0; n < ATTACHMENTS; n++) {
    const bytes = randomBytes(2_000);
    const name = sha256(bytes);
    const path = join(root, ...pathOf(TENANT, name));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    names.push(name);
  }
  await database.query(
    'INSERT INTO blobs (tenant, sha256, size) SELECT $1, value, 2000 FROM json_array_elements_text($2::json)',
    [TENANT, JSON.stringify(names)],
  );
});
afterAll(async () => {
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Holds the event loop as the embedded database does while laptops push: each turn takes a while.
 * @returns how many turns the work took.
 */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isBusy = true;
  const turn = (): void => {
    if (!isBusy) return;
    turns++;
    for (const until = performance.now() + 2; performance.now() < until;);
    setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    isBusy = false;
  }
  return turns;
}

/** Each by itself, twice: once to see that it is whole, and once more for its bytes. */
async function readOneByOne(): Promise<void> {
  for (const name of names.slice(0, ATTACHMENTS / 10)) {
    await blobs.size(TENANT, name);
    await isWhole(blobs, TENANT, name);
    await blobs.read(TENANT, name).toArray();
  }
}

it('[SY74] needs few turns of a busy event loop for each of many small attachments', async () => {
  const oneByOne = (await turnsOf(readOneByOne)) * 10;
  const file = join(folder, 'backup.gz');
  let written: number | undefined;
  const backup = await turnsOf(async () => {
    written = (await writeBackup({ database, blobs, now: () => 0 }, file)).blobs;
  });
  const check = await turnsOf(async () => expect((await checkData(database, blobs)).troubles).toEqual([]));
  expect(written).toBe(ATTACHMENTS);
  expect(backup).toBeLessThan(oneByOne / 4);
  expect(check).toBeLessThan(oneByOne / 4);
});
