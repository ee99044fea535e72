import type { Readable } from 'node:stream';
import type { BlobReceipt } from '#shared/sync/protocol.ts';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { isSha256, TooLarge, WrongHash, type ContentFiles } from './content-files.ts';

export const MAX_BLOB_BYTES = 512 * 1024 * 1024;

/** Attachments of a tenant: photos, recordings, papers. Bytes never cross tenants, not even equal ones. */
export class BlobStore {
  readonly #database: Database;
  readonly #files: ContentFiles;
  readonly #maxBytes: number;

  constructor(database: Database, files: ContentFiles, maxBytes: number) {
    this.#database = database;
    this.#files = files;
    this.#maxBytes = maxBytes;
  }

  /** @throws Problem 413 `blob.tooLarge`, 422 `blob.wrongHash`; nothing is kept then. */
  async put(tenant: string, sha256: string, content: Readable): Promise<BlobReceipt> {
    requireName(sha256);
    let size: number;
    try {
      size = await this.#files.put(tenant, sha256, content, this.#maxBytes);
    } catch (error) {
      if (error instanceof TooLarge) {
        throw new Problem(413, 'blob.tooLarge', `An attachment may have ${this.#maxBytes} bytes at most.`);
      }
      if (error instanceof WrongHash) {
        throw new Problem(422, 'blob.wrongHash', 'The attachment was damaged on the way. Send it again.');
      }
      throw error;
    }
    await this.#database.query(
      'INSERT INTO blobs (tenant, sha256, size) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [tenant, sha256, size],
    );
    // The file is its own proof, synced and verified; the table is only for counting.
    return { sha256, size, durable: true };
  }

  /** @throws Problem 404 `blob.unknown`. */
  async size(tenant: string, sha256: string): Promise<number> {
    requireName(sha256);
    const size = await this.#files.size(tenant, sha256);
    if (size === undefined)
      throw new Problem(404, 'blob.unknown', 'The server does not have this attachment.');
    return size;
  }

  read(tenant: string, sha256: string): Readable {
    return this.#files.read(tenant, sha256);
  }
}

function requireName(sha256: string): void {
  if (!isSha256(sha256))
    throw new Problem(400, 'blob.badName', 'An attachment is named by its SHA-256 in hex.');
}
