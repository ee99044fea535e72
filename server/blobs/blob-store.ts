import type { Readable } from 'node:stream';
import type { BlobReceipt } from '#shared/sync/protocol.ts';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { isSha256, TooLarge, WrongHash, type ContentStore } from './content-store.ts';

export const MAX_BLOB_BYTES = 512 * 1024 * 1024;

/** Attachments of a tenant: photos, recordings, papers. Bytes never cross tenants, not even equal ones. */
export class BlobStore {
  readonly #database: Database;
  readonly #contents: ContentStore;
  readonly #maxBytes: number;

  constructor(database: Database, contents: ContentStore, maxBytes: number) {
    this.#database = database;
    this.#contents = contents;
    this.#maxBytes = maxBytes;
  }

  /** @throws Problem 413 `blob.tooLarge`, 422 `blob.wrongHash`; nothing is kept then. */
  async put(tenant: string, sha256: string, content: Readable): Promise<BlobReceipt> {
    requireName(sha256);
    let size: number;
    try {
      size = await this.#contents.put(tenant, sha256, content, this.#maxBytes);
    } catch (error) {
      if (error instanceof TooLarge) {
        throw new Problem(413, 'blob.tooLarge', `An attachment may have ${this.#maxBytes} bytes at most.`);
      }
      if (error instanceof WrongHash) {
        throw new Problem(422, 'blob.wrongHash', 'The attachment was damaged on the way. Send it again.');
      }
      throw error;
    }
    await this.#record(tenant, sha256, size);
    return { sha256, size, durable: true };
  }

  /**
   * What the server has of an attachment, `undefined` for nothing. `durable` is true: a content without a row may have come
   * by a crash between its name and the sync of its folder, and is synced now.
   */
  async receipt(tenant: string, sha256: string): Promise<BlobReceipt | undefined> {
    requireName(sha256);
    // Before the content: one that is removed in between must not be written down anew.
    const recorded = await this.#database.query('SELECT 1 FROM blobs WHERE tenant = $1 AND sha256 = $2', [
      tenant,
      sha256,
    ]);
    const size = await this.#contents.size(tenant, sha256);
    if (size === undefined) return undefined;
    if (recorded.length === 0) {
      await this.#contents.sync(tenant, sha256);
      await this.#record(tenant, sha256, size);
    }
    return { sha256, size, durable: true };
  }

  /** A row says that content and name were verified and synced: it is written after both. */
  async #record(tenant: string, sha256: string, size: number): Promise<void> {
    await this.#database.query(
      'INSERT INTO blobs (tenant, sha256, size) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [tenant, sha256, size],
    );
  }

  /** @throws Problem 404 `blob.missing`. */
  async size(tenant: string, sha256: string): Promise<number> {
    requireName(sha256);
    const size = await this.#contents.size(tenant, sha256);
    if (size === undefined) throw blobMissing();
    return size;
  }

  async has(tenant: string, sha256: string): Promise<boolean> {
    return (await this.#contents.size(tenant, sha256)) !== undefined;
  }

  /** Removes the bytes; the row is the caller's. */
  async remove(tenant: string, sha256: string): Promise<void> {
    await this.#contents.remove(tenant, sha256);
  }

  read(tenant: string, sha256: string): Readable {
    return this.#contents.read(tenant, sha256);
  }
}

export function blobMissing(): Problem {
  return new Problem(404, 'blob.missing', 'The server does not have this attachment.');
}

/** @throws Problem 400 `blob.badName`. */
export function requireName(sha256: string): void {
  if (!isSha256(sha256))
    throw new Problem(400, 'blob.badName', 'An attachment is named by its SHA-256 in hex.');
}
