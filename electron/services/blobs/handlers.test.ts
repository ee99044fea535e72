import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { context } from '#test/support/laptop-host.ts';
import { BlobStore } from './blob-store.ts';
import { createBlobHandlers } from './handlers.ts';

test('[H45] uploads that a window began and left give way once they are idle, so that attaching never ends for good', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'faultline-blob-handlers-'));
  const uploadDir = join(dir, 'uploads');
  let nowMs = 0;
  const blobs = await createBlobHandlers({
    store: await BlobStore.open(join(dir, 'blobs')),
    uploadDir,
    fetchBlob: () => Promise.reject(new Error('not asked for')),
    monotonicMs: () => nowMs,
  });
  const left = await Promise.all(Array.from({ length: 15 }, () => blobs.begin({}, context)));
  const atWork = await blobs.begin({}, context);
  await expect(blobs.begin({}, context)).rejects.toMatchObject({ code: 'blobs.tooManyUploads' });
  nowMs += 50_000;
  await blobs.append({ ...atWork, bytes: new Uint8Array([1, 2]) }, context);
  nowMs += 50_000;
  await blobs.begin({}, context);
  await blobs.append({ ...atWork, bytes: new Uint8Array([3]) }, context);
  expect(await blobs.finish(atWork, context)).toMatchObject({ size: 3 });
  await expect(blobs.finish(left[0]!, context)).rejects.toMatchObject({ code: 'blobs.unknownUpload' });
  expect(await readdir(uploadDir)).toHaveLength(1);
  await rm(dir, { recursive: true, force: true });
});
