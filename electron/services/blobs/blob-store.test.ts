import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BlobStore } from './blob-store.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const sha = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

describe('the blob store', () => {
  let dir: string;
  let store: BlobStore;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'faultline-blobs-'));
    store = await BlobStore.open(join(dir, 'blobs'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  test('keeps bytes under their hash and gives them back', async () => {
    const photo = bytes('photo of the rectifier');
    const ref = await store.put(photo);
    expect(ref).toEqual({ sha256: sha(photo), size: photo.length });
    expect(store.path(ref.sha256)).toBe(join(dir, 'blobs', ref.sha256.slice(0, 2), ref.sha256));
    expect(await store.has(ref.sha256)).toBe(true);
    expect(await store.read(ref.sha256)).toEqual(photo);
    expect(await store.read(ref.sha256, { offset: 9, length: 3 })).toEqual(bytes('the'));
    expect(await store.read(ref.sha256, { offset: 13, length: 999 })).toEqual(bytes('rectifier'));
    expect(await store.read(ref.sha256, { offset: 999 })).toEqual(new Uint8Array());
  });

  test('keeps an empty blob', async () => {
    const ref = await store.put(new Uint8Array());
    expect(await store.read(ref.sha256)).toEqual(new Uint8Array());
  });

  test('adopts a finished file by moving it, twice the same one too', async () => {
    const source = join(dir, 'recording.cast');
    await writeFile(source, 'recording');
    const ref = await store.adoptFile(source);
    expect(ref).toEqual({ sha256: sha(bytes('recording')), size: 9 });
    await expect(stat(source)).rejects.toThrow(/ENOENT/);
    await writeFile(source, 'recording');
    expect(await store.adoptFile(source)).toEqual(ref);
    await expect(stat(source)).rejects.toThrow(/ENOENT/);
    expect(await readFile(store.path(ref.sha256), 'utf8')).toBe('recording');
  });

  test('refuses bytes that are not what was announced and keeps nothing', async () => {
    const announced = sha(bytes('one'));
    await expect(store.putStream([bytes('two')], announced)).rejects.toMatchObject({
      code: 'blobs.otherContent',
    });
    expect(await store.has(announced)).toBe(false);
    expect(await readdir(join(dir, 'blobs', 'tmp'))).toEqual([]);
  });

  test.each(['', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(63)}/`, 'a'.repeat(65)])(
    'takes no name but a hash: %j',
    (name) => {
      expect(() => store.path(name)).toThrow(expect.objectContaining({ code: 'blobs.badName' }));
    },
  );

  test('says that a blob is missing or damaged', async () => {
    await expect(store.read('0'.repeat(64))).rejects.toMatchObject({ code: 'blobs.missing' });
    const { sha256 } = await store.put(bytes('signature'));
    await writeFile(store.path(sha256), 'signaturX');
    await expect(store.read(sha256)).rejects.toMatchObject({ code: 'blobs.damaged' });
    expect(await store.verify(sha256)).toBe(false);
  });

  test('replaces a copy that was cut short', async () => {
    const { sha256 } = await store.put(bytes('signature'));
    await truncate(store.path(sha256), 3);
    await store.put(bytes('signature'));
    expect(await store.verify(sha256)).toBe(true);
  });

  test('replaces a copy of the right length that is damaged inside, by bytes and by a finished file', async () => {
    const { sha256 } = await store.put(bytes('signature'));
    await writeFile(store.path(sha256), 'signatur\0');
    await store.put(bytes('signature'));
    expect(await store.verify(sha256)).toBe(true);
    await writeFile(store.path(sha256), '\0'.repeat(9));
    const source = join(dir, 'signature.png');
    await writeFile(source, 'signature');
    await store.adoptFile(source);
    expect(await store.verify(sha256)).toBe(true);
  });

  test('answers only behind flushes of its own: what a put before could not make last, the next one does', async () => {
    const handle = await open(dir);
    const proto = Object.getPrototypeOf(handle) as { sync(): Promise<void> };
    await handle.close();
    const photo = bytes('photo');
    const folder = join(dir, 'blobs', sha(photo).slice(0, 2));
    const sync = vi
      .spyOn(proto, 'sync')
      .mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    try {
      await expect(store.put(photo)).rejects.toThrow('EIO');
      expect(await readdir(folder)).toEqual([sha(photo)]);
      sync.mockClear();
      await store.put(photo);
      // The folder of the blob, and the one that folder stands in.
      expect(sync).toHaveBeenCalledTimes(2);
      sync.mockClear();
      await store.put(photo);
      expect(sync).toHaveBeenCalledTimes(1);
    } finally {
      sync.mockRestore();
    }
  });

  test('is shared by several openers that write the same blob at once', async () => {
    const other = await BlobStore.open(join(dir, 'blobs'));
    const same = bytes('x'.repeat(100_000));
    const refs = await Promise.all([store, other, store, other].map((one) => one.put(same)));
    expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
    expect(await other.verify(sha(same))).toBe(true);
  });

  test('clears away old half-written files and leaves the fresh ones of others', async () => {
    const old = join(dir, 'blobs', 'tmp', 'old');
    const fresh = join(dir, 'blobs', 'tmp', 'fresh');
    await writeFile(old, 'half');
    await writeFile(fresh, 'half');
    await utimes(old, 0, 0);
    await BlobStore.open(join(dir, 'blobs'));
    expect(await readdir(join(dir, 'blobs', 'tmp'))).toEqual(['fresh']);
  });
});
