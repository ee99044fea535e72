import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HostError } from '#shared/host/errors.ts';

/** What a blob is called and how long it is. */
export interface BlobRef {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

const SHA256 = /^[0-9a-f]{64}$/;
const TEMP_DIR = 'tmp';
/** A write under way is never this old: what is, was left by a process that died. */
const STALE_TEMP_MS = 24 * 60 * 60 * 1000;
const COPY_CHUNK = 256 * 1024;

/**
 * Attachments as files named by what they contain (`ab/abcdef…`). A blob is
 * there whole or not at all: bytes go to a temporary file, are flushed, then
 * renamed, and the folder is flushed, before a promise resolves. Several
 * processes may use one store: names are hashes, so two that write the same
 * blob write the same bytes.
 */
export class BlobStore {
  readonly #dir: string;
  /** Folders whose own entry was flushed: who finds one that another has just made cannot know that it lasts. */
  readonly #lasting = new Set<string>();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Opens the store in `dir`, making it if need be, and clears away what dead processes left half written. */
  static async open(dir: string): Promise<BlobStore> {
    const temp = join(dir, TEMP_DIR);
    await mkdir(temp, { recursive: true });
    for (const name of await readdir(temp)) {
      const file = join(temp, name);
      const info = await statOrUndefined(file);
      if (info !== undefined && Date.now() - info.mtimeMs > STALE_TEMP_MS) await rm(file, { force: true });
    }
    return new BlobStore(dir);
  }

  /**
   * Keeps the bytes. What is there already is written anew: the copy may be damaged inside, or not on the disk yet.
   * @throws HostError `blobs.diskFull` when there is no room; nothing is left behind.
   */
  put(bytes: Uint8Array): Promise<BlobRef> {
    return this.putStream([bytes]);
  }

  /**
   * Keeps bytes that arrive in pieces.
   * @param expected the hash they must have; another one is refused.
   * @throws HostError `blobs.otherContent`, `blobs.diskFull`.
   */
  async putStream(
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    expected?: string,
  ): Promise<BlobRef> {
    if (expected !== undefined) this.path(expected);
    const temp = this.#tempPath();
    const hash = createHash('sha256');
    let size = 0;
    try {
      const file = await open(temp, 'wx', 0o600);
      try {
        for await (const chunk of chunks) {
          await writeWhole(file, chunk);
          hash.update(chunk);
          size += chunk.length;
        }
        await file.datasync();
      } finally {
        await file.close();
      }
      const sha256 = hash.digest('hex');
      if (expected !== undefined && sha256 !== expected) throw otherContent(expected, sha256);
      await this.#moveIn(temp, sha256);
      return { sha256, size };
    } catch (thrown) {
      await rm(temp, { force: true });
      throw toBlobError(thrown);
    }
  }

  /**
   * Takes over a finished file: afterwards it stands in the store and no longer at `source`.
   * Nobody may write to the file any more. If this fails, `source` is still there.
   */
  async adoptFile(source: string): Promise<BlobRef> {
    const before = await stat(source);
    const sha256 = await hashFile(source);
    const after = await stat(source);
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new HostError(
        'blobs.stillWritten',
        'The file changed while it was being attached. Close it and attach it again.',
      );
    }
    try {
      await flush(source, 'r+');
      await this.#moveIn(source, sha256);
    } catch (thrown) {
      if (codeOf(thrown) !== 'EXDEV') throw toBlobError(thrown);
      // Another file system cannot be renamed from: copy, and let go of the source only then.
      await this.putStream(createReadStream(source, { highWaterMark: COPY_CHUNK }), sha256);
      await rm(source, { force: true });
    }
    return { sha256, size: after.size };
  }

  /** True when the whole blob is here. */
  async has(sha256: string): Promise<boolean> {
    return (await this.size(sha256)) !== undefined;
  }

  /** Bytes, or `undefined` when the blob is not here. */
  async size(sha256: string): Promise<number | undefined> {
    return (await statOrUndefined(this.path(sha256)))?.size;
  }

  /** The same, and `undefined` also when the copy is damaged. It reads the whole file. */
  async sizeIfWhole(sha256: string): Promise<number | undefined> {
    const size = await this.size(sha256);
    return size !== undefined && (await this.verify(sha256)) ? size : undefined;
  }

  /**
   * Reads a part (from `offset`, at most `length` bytes; fewer at the end) or the whole.
   * A read of the whole is checked against the name.
   * @throws HostError `blobs.missing`, `blobs.damaged`.
   */
  async read(
    sha256: string,
    part: { offset?: number; length?: number } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const file = await open(this.path(sha256), 'r').catch((thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT') throw missing(sha256);
      throw thrown;
    });
    try {
      const { size } = await file.stat();
      const offset = Math.min(Math.max(part.offset ?? 0, 0), size);
      const length = Math.min(Math.max(part.length ?? size, 0), size - offset);
      const bytes = new Uint8Array(length);
      let got = 0;
      while (got < length) {
        const { bytesRead } = await file.read(bytes, got, length - got, offset + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      if (got < length) throw damaged(sha256);
      if (length === size && createHash('sha256').update(bytes).digest('hex') !== sha256)
        throw damaged(sha256);
      return bytes;
    } finally {
      await file.close();
    }
  }

  /** Reads the whole file and says whether it still is what its name says. */
  async verify(sha256: string): Promise<boolean> {
    return (await this.has(sha256)) && (await hashFile(this.path(sha256))) === sha256;
  }

  /**
   * Where the blob stands or would stand.
   * @throws HostError `blobs.badName` for anything but 64 lower-case hex digits, so no name leads out of the store.
   */
  path(sha256: string): string {
    if (!SHA256.test(sha256))
      throw new HostError('blobs.badName', 'A blob is named by 64 hexadecimal digits.');
    return join(this.#dir, sha256.slice(0, 2), sha256);
  }

  #tempPath(): string {
    return join(this.#dir, TEMP_DIR, `${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  async #moveIn(source: string, sha256: string): Promise<void> {
    const target = this.path(sha256);
    const folder = dirname(target);
    await mkdir(folder, { recursive: true });
    try {
      await rename(source, target);
    } catch (thrown) {
      // Windows replaces no file that somebody reads. What is being read may be the whole of it.
      if (!(await this.verify(sha256).catch(() => false))) throw thrown;
      await flush(target, 'r+');
      await rm(source, { force: true });
    }
    await flush(folder, 'r');
    if (this.#lasting.has(folder)) return;
    await flush(this.#dir, 'r');
    this.#lasting.add(folder);
  }
}

/** SHA-256 of a file's content, lower-case hex, read in pieces. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: COPY_CHUNK }))
    hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

/** Windows cannot open a folder to flush it and needs no such flush. */
async function flush(path: string, mode: 'r' | 'r+'): Promise<void> {
  if (process.platform === 'win32' && mode === 'r') return;
  const file = await open(path, mode);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function statOrUndefined(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
}

function toBlobError(thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return thrown;
  return new HostError(
    'blobs.diskFull',
    'The disk is full, so the attachment could not be kept. Free some space and try again.',
  );
}

function otherContent(expected: string, actual: string): HostError {
  return new HostError(
    'blobs.otherContent',
    'The attachment arrived with another content than announced. It was not kept; try again.',
    {
      expected,
      actual,
    },
  );
}

function missing(sha256: string): HostError {
  return new HostError('blobs.missing', 'This attachment is not on this computer.', { sha256 });
}

function damaged(sha256: string): HostError {
  return new HostError(
    'blobs.damaged',
    'The copy of this attachment on this computer is damaged. Fetch it from the server again.',
    {
      sha256,
    },
  );
}
