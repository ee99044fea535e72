import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BlobStore } from '#server/blobs/blob-store.ts';
import { UploadLocks } from '#server/blobs/upload-locks.ts';
import { Uploads } from '#server/blobs/uploads.ts';
import { openData, type OpenData } from '#server/open-data.ts';

const DAY = 24 * 3_600_000;
const TIMES = { lifeMs: 60_000, beatMs: 10, retryMs: 10, patienceMs: 300 };
const NOW = Date.now();
const name = (letter: string): string => letter.repeat(32);

describe('The hourly cleaning of uploads', () => {
  let folder: string;
  let data: OpenData;
  let uploads: Uploads;
  let locks: UploadLocks;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-cleaning-'));
    data = await openData({ data: folder });
    const { database, storage } = data;
    uploads = new Uploads({
      database,
      blobs: new BlobStore(database, storage.attachments, 1_000),
      bytes: storage.uploads,
      maxBytes: 1_000,
      now: () => NOW,
      lockTimes: TIMES,
      dropDrafts: (beforeMs) => storage.dropDrafts(beforeMs),
    });
    locks = new UploadLocks(database, TIMES);
    await database.query(`INSERT INTO tenants (tenant) VALUES ('acme')`);
    await database.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ('acme', 'li', 'li', '', 'engineer', 'sz')`,
    );
    await database.query(
      `INSERT INTO devices (tenant, id, user_id, code, name, platform) VALUES ('acme', 'd', 'li', 'd', '', '')`,
    );
  }, 120_000);
  afterEach(async () => {
    await data.database.query('DELETE FROM uploads');
  });
  afterAll(async () => {
    uploads?.stop();
    await data?.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const abandon = (id: string, days: number) =>
    data.database.query(
      `INSERT INTO uploads (tenant, id, user_id, device_id, sha256, size, touched_at)
       VALUES ('acme', $1, 'li', 'd', 'x', 3, $2)`,
      [id, NOW - days * DAY],
    );
  const left = async (): Promise<unknown[]> =>
    (await data.database.query<{ id: string }>('SELECT id FROM uploads ORDER BY id')).map(({ id }) => id);

  it('[SY72b] goes on to the others when somebody writes to one', async () => {
    await abandon(name('a'), 40);
    await abandon(name('b'), 30);
    const held = locks.lockOf({ tenant: 'acme', id: name('a') });
    await held.lock(new AbortController().signal, () => undefined);
    expect(await uploads.clean()).toBe(1);
    expect(await left()).toEqual([name('a')]);
    await held.unlock();
  });

  it('[SY72b] keeps an upload that was gone on with while the cleaning waited for it', async () => {
    await abandon(name('a'), 40);
    const held = locks.lockOf({ tenant: 'acme', id: name('a') });
    await held.lock(new AbortController().signal, async () => {
      await data.database.query('UPDATE uploads SET touched_at = $1', [NOW]);
      await held.unlock();
    });
    expect(await uploads.clean()).toBe(0);
    expect(await left()).toEqual([name('a')]);
  });

  it('[SY72b] removes the drafts that a crash has left, and none that is being written', async () => {
    const before = new Date(NOW - 2 * DAY);
    const folders = ['blobs', 'segments'].map((kind) => join(folder, kind, 'incoming'));
    for (const drafts of folders) {
      await mkdir(drafts, { recursive: true });
      for (const draft of ['left', 'running']) await writeFile(join(drafts, draft), 'x');
      await utimes(join(drafts, 'left'), before, before);
    }
    await uploads.clean();
    for (const drafts of folders) expect(await readdir(drafts)).toEqual(['running']);
  });
});
