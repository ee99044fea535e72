import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { checked, nameAt, pathOf, type ContentStore, type StoredContent } from '../content-store.ts';
import { writeDraft } from '../write-draft.ts';
import type { Bucket } from './bucket.ts';

/** Contents as objects of a bucket, under the same names as in a folder. */
export class ContentObjects implements ContentStore {
  readonly #bucket: Bucket;
  readonly #kind: string;
  readonly #scratch: string;

  /** @param scratch folder on this machine for what is not verified yet. */
  constructor(bucket: Bucket, kind: 'blobs' | 'segments', scratch: string) {
    this.#bucket = bucket;
    this.#kind = kind;
    this.#scratch = scratch;
  }

  /** Verified here first, on the disk: so it can be sent again when the store is busy, and wrong content never leaves. */
  async put(tenant: string, sha256: string, content: Readable, maxBytes: number): Promise<number> {
    const key = this.#key(tenant, sha256);
    const draft = await writeDraft(this.#scratch, sha256, content, maxBytes);
    try {
      await this.#bucket.put(key, draft, sha256);
    } finally {
      await rm(draft.path, { force: true });
    }
    return draft.size;
  }

  size(tenant: string, sha256: string): Promise<number | undefined> {
    return this.#bucket.size(this.#key(tenant, sha256));
  }

  /** An object that can be seen has been confirmed. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  read(tenant: string, sha256: string): Readable {
    return checked(this.#bucket.read(this.#key(tenant, sha256)), sha256);
  }

  remove(tenant: string, sha256: string): Promise<void> {
    return this.#bucket.remove(this.#key(tenant, sha256));
  }

  async *list(): AsyncGenerator<StoredContent> {
    for await (const { key, size, modifiedAt } of this.#bucket.list(`${this.#kind}/`)) {
      const name = nameAt(key.split('/').slice(1));
      if (name !== undefined) yield { ...name, size, modifiedAt };
    }
  }

  #key(tenant: string, sha256: string): string {
    return [this.#kind, ...pathOf(tenant, sha256)].join('/');
  }
}
