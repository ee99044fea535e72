import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
export class WrongHash extends Error {
  override readonly name = 'WrongHash';
}

const SHA256 = /^[0-9a-f]{64}$/;
const TENANT = /^[a-z0-9-]{1,40}$/;

/** Whether a text is a SHA-256 in lower-case hex: the only thing that ever becomes part of a path. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Files named by the SHA-256 of their content, a folder for each tenant. A
 * file appears under its name whole, verified and on the disk, or not at all.
 */
export class ContentFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Takes the bytes in while hashing them.
   * @returns the size in bytes, once content and name are synced to the disk.
   * @throws TooLarge, WrongHash; nothing is left behind then.
   */
  async put(tenant: string, sha256: string, content: Readable, maxBytes: number): Promise<number> {
    const path = this.#path(tenant, sha256);
    const draft = join(this.#root, 'incoming', randomUUID());
    await mkdir(dirname(draft), { recursive: true, mode: 0o700 });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size > maxBytes) return done(new TooLarge(`More than ${maxBytes} bytes.`));
        hash.update(chunk);
        done(null, chunk);
      },
    });
    try {
      await pipeline(content, measure, createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }));
      if (hash.digest('hex') !== sha256)
        throw new WrongHash('The content does not have the announced SHA-256.');
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolders(dirname(path), this.#root);
    return size;
  }

  /** The size of a stored file in bytes, or `undefined`. */
  async size(tenant: string, sha256: string): Promise<number | undefined> {
    try {
      return (await stat(this.#path(tenant, sha256))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Brings a file that stands under its name, and the name, to the disk. */
  async sync(tenant: string, sha256: string): Promise<void> {
    const path = this.#path(tenant, sha256);
    const handle = await open(path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolders(dirname(path), this.#root);
  }

  read(tenant: string, sha256: string): ReadStream {
    return createReadStream(this.#path(tenant, sha256));
  }

  async remove(tenant: string, sha256: string): Promise<void> {
    await rm(this.#path(tenant, sha256), { force: true });
  }

  /** Removes what uploads that were cut off by a crash left behind. Only the one server at start may do so. */
  async clearIncoming(): Promise<void> {
    await rm(join(this.#root, 'incoming'), { recursive: true, force: true });
  }

  #path(tenant: string, sha256: string): string {
    if (!SHA256.test(sha256) || !TENANT.test(tenant)) throw new RangeError('Not a name of a content file.');
    return join(this.#root, tenant, sha256.slice(0, 2), sha256);
  }
}

/** A name survives a crash only when its folder was synced, and so on upwards. */
async function syncFolders(from: string, to: string): Promise<void> {
  // Windows cannot open a folder to sync it; NTFS journals the names itself.
  if (process.platform === 'win32') return;
  for (let folder = from; folder.length >= to.length; folder = dirname(folder)) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
