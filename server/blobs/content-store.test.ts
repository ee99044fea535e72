import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startObjectStore, type ObjectStore } from '#test/support/object-store.ts';
import { ContentFiles } from './content-files.ts';
import {
  DamagedContent,
  TooLarge,
  WrongHash,
  type ContentStore,
  type StoredContent,
} from './content-store.ts';
import { openBucket } from './s3/open-bucket.ts';
import { sha256 } from '#test/support/sha256.ts';

const MB = 1024 * 1024;

/** A store, and the way behind its back. */
interface Place {
  readonly store: ContentStore;
  overwrite(path: string, bytes: Uint8Array): Promise<void>;
  /** Everything that lies there, drafts too. */
  everything(): Promise<string[]>;
  close(): Promise<void>;
}

async function openFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-contents-'));
  return {
    store: new ContentFiles(folder),
    overwrite: (path, bytes) => writeFile(join(folder, path), bytes),
    everything: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function openObjects(): Promise<Place> {
  const objects: ObjectStore = await startObjectStore();
  const bucket = await objects.createBucket();
  const scratch = await mkdtemp(join(tmpdir(), 'faultline-scratch-'));
  const credentials = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', ...objects.environment };
  // The SDK itself finds credentials in the environment of the process.
  const before = { ...process.env };
  Object.assign(process.env, credentials);
  const storage = openBucket(`s3://${bucket}/of/some`, scratch, objects.environment);
  return {
    store: storage.attachments,
    overwrite: (path, bytes) => objects.overwrite(bucket, `of/some/blobs/${path}`, bytes),
    everything: async () => {
      const drafts = await readdir(scratch, { recursive: true, withFileTypes: true });
      const left = drafts.filter((entry) => entry.isFile()).map(({ name }) => name);
      return [...left, ...(await objects.keys(bucket)).map((key) => key.split('/').at(-1)!)];
    },
    close: async () => {
      process.env = before;
      await storage.close();
      await objects.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

describe.each([
  ['a folder', openFolder],
  ['a bucket', openObjects],
])('Contents in %s', (_name, open) => {
  let place: Place;
  let store: ContentStore;
  beforeAll(async () => {
    place = await open();
    store = place.store;
  }, 180_000);
  afterAll(() => place?.close());

  const put = (bytes: Uint8Array, tenant = 'main', name = sha256(bytes)): Promise<number> =>
    store.put(tenant, name, Readable.from([bytes]), 20 * MB);

  it('[SY70d] come back as they were, whatever their size', async () => {
    for (const bytes of [Buffer.alloc(0), randomBytes(1), randomBytes(200_000), randomBytes(9 * MB)]) {
      expect(await put(bytes)).toBe(bytes.length);
      expect(await store.size('main', sha256(bytes))).toBe(bytes.length);
      const read = await buffer(store.read('main', sha256(bytes)));
      expect(Buffer.compare(read, bytes)).toBe(0);
    }
  });

  it('[SY70d] belong to one tenant', async () => {
    const bytes = randomBytes(1000);
    await put(bytes, 'one');
    expect(await store.size('two', sha256(bytes))).toBeUndefined();
    await put(bytes, 'two');
    await store.remove('one', sha256(bytes));
    expect(await store.size('one', sha256(bytes))).toBeUndefined();
    expect(await store.size('two', sha256(bytes))).toBe(1000);
  });

  it('[SY70d] may be put twice, at once and again', async () => {
    const bytes = randomBytes(300_000);
    await Promise.all([put(bytes), put(bytes), put(bytes)]);
    await put(bytes);
    expect(Buffer.compare(await buffer(store.read('main', sha256(bytes))), bytes)).toBe(0);
  });

  it('[SY71] get no name when they are wrong, too large or cut off, and leave nothing behind', async () => {
    const before = await place.everything();
    const bytes = randomBytes(500_000);
    const name = sha256(bytes);
    const cut = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 100_000);
      throw new Error('The laptop is gone.');
    };
    await expect(put(randomBytes(500_000), 'main', name)).rejects.toThrow(WrongHash);
    await expect(put(bytes.subarray(1), 'main', name)).rejects.toThrow(WrongHash);
    await expect(store.put('main', name, Readable.from([bytes]), 499_999)).rejects.toThrow(TooLarge);
    await expect(store.put('main', name, Readable.from(cut()), MB)).rejects.toThrow('The laptop is gone.');
    expect(await store.size('main', name)).toBeUndefined();
    expect(await place.everything()).toEqual(before);
  });

  it('[SY70d] that changed behind its back never arrive whole, and are mended by the right bytes', async () => {
    for (const other of [randomBytes(300_000), randomBytes(299_999), Buffer.alloc(0)]) {
      const bytes = randomBytes(300_000);
      const name = sha256(bytes);
      await put(bytes);
      await place.overwrite(`main/${name.slice(0, 2)}/${name}`, other);
      let came = 0;
      const read = async (): Promise<void> => {
        for await (const chunk of store.read('main', name) as AsyncIterable<Buffer>) came += chunk.length;
      };
      await expect(read()).rejects.toThrow(DamagedContent);
      expect(came).toBeLessThanOrEqual(Math.max(0, other.length - 1));
      await put(bytes);
      expect(Buffer.compare(await buffer(store.read('main', name)), bytes)).toBe(0);
    }
  });

  it('[SY70d] that are not there have no size, end a read in an error, and are removed without one', async () => {
    const name = sha256(randomBytes(10));
    expect(await store.size('main', name)).toBeUndefined();
    await expect(buffer(store.read('main', name))).rejects.toThrow();
    await store.remove('main', name);
  });

  it('[SY70d] are listed, and what somebody else has put there is not', async () => {
    const began = Date.now();
    const bytes = randomBytes(1234);
    await put(bytes, 'listed');
    await place.overwrite('README.txt', Buffer.from('not ours'));
    const listed: StoredContent[] = [];
    for await (const content of store.list()) listed.push(content);
    expect(listed.filter(({ tenant }) => tenant === 'listed')).toEqual([
      { tenant: 'listed', sha256: sha256(bytes), size: 1234, modifiedAt: expect.any(Number) },
    ]);
    const { modifiedAt } = listed.find(({ tenant }) => tenant === 'listed')!;
    // Stores tell whole seconds.
    expect(Math.abs(modifiedAt - began)).toBeLessThan(60_000);
    expect(new Set(listed.map(({ tenant }) => tenant))).toEqual(new Set(['main', 'two', 'listed']));
  });

  it('[SY72] have names that lead nowhere else', async () => {
    for (const [tenant, name] of [
      ['..', sha256(Buffer.alloc(0))],
      ['main/..', sha256(Buffer.alloc(0))],
      ['main', '../../etc/passwd'],
      ['main', sha256(Buffer.alloc(0)).toUpperCase()],
      ['', sha256(Buffer.alloc(0))],
    ] as const) {
      await expect(store.put(tenant, name, Readable.from([]), 10)).rejects.toThrow(RangeError);
      expect(() => store.read(tenant, name)).toThrow(RangeError);
    }
  });
});
