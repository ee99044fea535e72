import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';

/** What stands in a store under a name. */
export interface StoredContent {
  readonly tenant: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, by the store's clock. */
  readonly modifiedAt: number;
}

/**
 * Contents named by their SHA-256, for each tenant by itself: files of a folder, or objects of a bucket.
 * A content appears under its name whole, verified and durable, or not at all.
 */
export interface ContentStore {
  /**
   * Takes the bytes in while hashing them.
   * @returns the size in bytes, once the store has confirmed that content and name outlive a loss of power.
   * @throws TooLarge, WrongHash, StorageFailure; nothing is left behind then.
   */
  put(tenant: string, sha256: string, content: Readable, maxBytes: number): Promise<number>;
  /** The size of a stored content in bytes, or `undefined`. @throws StorageFailure when that cannot be known. */
  size(tenant: string, sha256: string): Promise<number | undefined>;
  /** Makes durable what stands under its name: a crash may have come before `put` did. */
  sync(tenant: string, sha256: string): Promise<void>;
  /** The bytes. They are hashed on the way: a content that has changed ends in DamagedContent before its last byte. */
  read(tenant: string, sha256: string): Readable;
  /** What is not there needs no removing. */
  remove(tenant: string, sha256: string): Promise<void>;
  /** Everything that has a name, in no order. */
  list(): AsyncIterable<StoredContent>;
}

export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
export class WrongHash extends Error {
  override readonly name = 'WrongHash';
}
/** What stands under a name is not what was put there: it was changed behind the server's back, or rotted. */
export class DamagedContent extends Error {
  override readonly name = 'DamagedContent';
  readonly code = 'storage.damaged';
}

const SHA256 = /^[0-9a-f]{64}$/;
const TENANT = /^[a-z0-9-]{1,40}$/;

/** Whether a text is a SHA-256 in lower-case hex: the only thing that ever becomes part of a path. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Where a content lies below the root of its store, in folders and buckets alike, so that one can be copied into the other.
 * @throws RangeError for what is no name.
 */
export function pathOf(tenant: string, sha256: string): readonly [string, string, string] {
  if (!SHA256.test(sha256) || !TENANT.test(tenant)) throw new RangeError('Not a name of a content.');
  return [tenant, sha256.slice(0, 2), sha256];
}

/** The way back from the parts of a path; `undefined` for what somebody else has put there. */
export function nameAt(parts: readonly string[]): { tenant: string; sha256: string } | undefined {
  const [tenant = '', folder, sha256 = ''] = parts;
  const isName = parts.length === 3 && TENANT.test(tenant) && SHA256.test(sha256);
  return isName && sha256.startsWith(folder ?? '?') ? { tenant, sha256 } : undefined;
}

/** The same bytes, of which the last ones come only when the whole has its hash. */
export function checked(source: Readable, sha256: string): Readable {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const passed = held;
      held = chunk;
      done(null, passed);
    },
    flush(done) {
      if (hash.digest('hex') === sha256) done(null, held);
      else done(new DamagedContent(`The stored content ${sha256} has changed: it does not have its hash.`));
    },
  });
  // The outcome is the returned stream's own: an error of either side destroys both.
  return pipeline(source, check, () => undefined);
}
