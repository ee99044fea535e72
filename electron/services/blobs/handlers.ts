import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { blobsService } from '#shared/host/blobs.ts';
import type { ServiceHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import type { BlobRef, BlobStore } from './blob-store.ts';

export interface BlobHandlersOptions {
  readonly store: BlobStore;
  /** Where uploads grow until they are finished; emptied at each start. */
  readonly uploadDir: string;
  /** Gets a blob from the server if it is not here. */
  readonly fetchBlob: (sha256: string, signal: AbortSignal) => Promise<BlobRef>;
  readonly monotonicMs: () => number;
}

const PIECE = 64 * 1024;
const MAX_UPLOADS = 16;
/** A window reads a file in pieces without a pause: one that brings nothing for so long is gone, or has given up. */
const IDLE_MS = 60_000;

interface Upload {
  readonly path: string;
  readonly file: FileHandle;
  touchedMs: number;
}

/** Attachments as screens see them. */
export async function createBlobHandlers(
  options: BlobHandlersOptions,
): Promise<ServiceHandlers<typeof blobsService>> {
  const { store, uploadDir, fetchBlob, monotonicMs } = options;
  await rm(uploadDir, { recursive: true, force: true });
  await mkdir(uploadDir, { recursive: true });
  const uploads = new Map<string, Upload>();
  const upload = (id: string): Upload => {
    const found = uploads.get(id);
    if (found !== undefined) {
      found.touchedMs = monotonicMs();
      return found;
    }
    throw new HostError(
      'blobs.unknownUpload',
      'This upload is not under way any more. Attach the file again.',
    );
  };
  const giveUp = async (id: string, { file, path }: Upload): Promise<void> => {
    uploads.delete(id);
    await file.close();
    await rm(path, { force: true });
  };
  return {
    put: ({ bytes }) => store.put(bytes),
    begin: async () => {
      if (uploads.size >= MAX_UPLOADS) {
        const idle = [...uploads].filter(([, { touchedMs }]) => monotonicMs() - touchedMs > IDLE_MS);
        await Promise.all(idle.map(([id, left]) => giveUp(id, left)));
      }
      if (uploads.size >= MAX_UPLOADS)
        throw new HostError(
          'blobs.tooManyUploads',
          'Too many files are being attached at once. Wait for some of them.',
        );
      const uploadId = randomUUID();
      const path = join(uploadDir, uploadId);
      uploads.set(uploadId, { path, file: await open(path, 'wx', 0o600), touchedMs: monotonicMs() });
      return { uploadId };
    },
    append: async ({ uploadId, bytes }) => {
      const growing = upload(uploadId);
      try {
        await growing.file.appendFile(bytes);
      } catch (thrown) {
        await giveUp(uploadId, growing);
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
        throw new HostError(
          'blobs.diskFull',
          'The disk is full, so the attachment could not be kept. Free some space and try again.',
        );
      }
      return {};
    },
    finish: async ({ uploadId }) => {
      const { file, path } = upload(uploadId);
      uploads.delete(uploadId);
      await file.close();
      return store.adoptFile(path);
    },
    info: async ({ sha256 }) => ({ size: (await store.size(sha256)) ?? null }),
    fetch: ({ sha256 }, { signal }) => fetchBlob(sha256, signal),
    read: async ({ sha256, offset, length }) => ({ bytes: await store.read(sha256, { offset, length }) }),
    open: async function* ({ sha256 }) {
      for (let offset = 0; ; offset += PIECE) {
        const bytes = await store.read(sha256, { offset, length: PIECE });
        if (bytes.length > 0) yield { bytes };
        if (bytes.length < PIECE) return;
      }
    },
  };
}
