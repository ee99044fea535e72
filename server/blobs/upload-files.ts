import { createReadStream, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { FileStore } from '@tus/file-store';
import type { DataStore } from '@tus/server';
import { filesBelow } from './content-files.ts';
import {
  isUploadId,
  placeOf,
  type KnownUploads,
  type StoredUpload,
  type UploadBytes,
} from './upload-bytes.ts';
import type { UploadKey } from './upload-locks.ts';

/** The bytes of uploads under way as files of one folder; with several nodes, one that all of them see. */
export class UploadFiles implements UploadBytes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  tusStore(known: KnownUploads): DataStore {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return new FileStore({
      directory: this.#folder,
      configstore: {
        get: (fileId) => known.find(fileId),
        // Rows are written where the owner is known: at creation.
        set: () => Promise.resolve(),
        delete: (fileId) => known.forget(fileId),
      },
    });
  }

  read(key: UploadKey): Readable {
    return createReadStream(this.#fileOf(key));
  }

  async remove(key: UploadKey): Promise<void> {
    await rm(this.#fileOf(key), { force: true });
  }

  async *list(): AsyncGenerator<StoredUpload> {
    for await (const { path, size, modifiedAt } of filesBelow(this.#folder)) {
      const [tenant = '', id = ''] = path;
      if (path.length === 2 && isUploadId(id)) yield { tenant, id, bytes: size, modifiedAt };
    }
  }

  #fileOf(key: UploadKey): string {
    return join(this.#folder, ...placeOf(key));
  }
}
