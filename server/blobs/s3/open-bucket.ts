import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '../storage.ts';
import { Bucket, PATIENCE, type BucketPatience } from './bucket.ts';
import { ContentObjects } from './content-objects.ts';
import { readS3Settings, type Environment } from './read-settings.ts';
import { PART_BYTES, UploadObjects } from './upload-objects.ts';

export interface OpenBucketOptions {
  readonly patience?: BucketPatience;
  readonly partBytes?: number;
}

/** A folder is touched with each content that passes through it. */
const LEFTOVER_MS = 2 * 24 * 3_600_000;

/**
 * Attachments, segments and uploads in a bucket. Nothing is asked of it yet: `probe` does.
 * @param scratch folder of this machine for what is on its way to the bucket. A process has a folder of its own in it.
 * @throws RangeError when address or environment do not say where it is.
 */
export function openBucket(
  address: string,
  scratch: string,
  environment: Environment,
  options: OpenBucketOptions = {},
): Storage {
  const bucket = new Bucket(readS3Settings(address, environment), options.patience ?? PATIENCE);
  const own = join(scratch, randomUUID());
  return {
    attachments: new ContentObjects(bucket, 'blobs', own),
    segments: new ContentObjects(bucket, 'segments', own),
    uploads: new UploadObjects(bucket, own, options.partBytes ?? PART_BYTES),
    get failures() {
      return bucket.failures;
    },
    probe: async (thorough) => {
      // Who only looks, looks again soon, and wants to know why it failed and not only that it takes long.
      if (!thorough) return bucket.probe(1);
      await bucket.probe();
      await dropLeftovers(scratch);
      await tryOut(bucket, own);
    },
    // Each process has a folder of its own, and looks at its start for those that others have left.
    dropDrafts: () => dropLeftovers(scratch),
    close: async () => {
      bucket.close();
      await rm(own, { recursive: true, force: true });
    },
  };
}

/** What processes that were killed have left behind, days after. */
async function dropLeftovers(scratch: string): Promise<void> {
  for (const name of await readdir(scratch).catch(() => [])) {
    const path = join(scratch, name);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Rights to write and to delete show only when they are used. */
async function tryOut(bucket: Bucket, scratch: string): Promise<void> {
  const name = `probe-${randomUUID()}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const path = join(scratch, name);
  try {
    await writeFile(path, name, { mode: 0o600 });
    await bucket.put(name, { path, size: name.length }, createHash('sha256').update(name).digest('hex'));
    await bucket.remove(name);
  } finally {
    await rm(path, { force: true });
  }
}
