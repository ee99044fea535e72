import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { detectEncoding, type LogEncoding } from './encodings.ts';
import {
  changeBetween,
  fromStats,
  isSameFile,
  observe,
  type Change,
  type FileIdentity,
} from './file-identity.ts';
import { changedUnderneath, LogError, toLogError } from './log-error.ts';

const SAMPLE_BYTES = 16 * 1024;
/** Places looked at beside the head: a few seeks, so that opening stays quick on a slow drive. */
const SAMPLES = 8;

/** Bytes that can be read at any position: a file, or in tests a buffer. */
export interface ByteSource {
  /** Bytes known to exist. */
  readonly size: number;
  /** Reads up to `length` bytes; fewer only at the end. Throws `LogError`. */
  read(position: number, length: number): Promise<Buffer>;
}

/**
 * An ordinary file opened for reading by position. Nothing is loaded: opening
 * costs the same for a kilobyte and a terabyte. The handle keeps the file even
 * when it is renamed or deleted meanwhile.
 */
export class LogFile implements ByteSource {
  readonly path: string;
  readonly #handle: FileHandle;
  #identity: FileIdentity;

  private constructor(path: string, handle: FileHandle, identity: FileIdentity) {
    this.path = path;
    this.#handle = handle;
    this.#identity = identity;
  }

  /** Opens the file. Refuses, with a `LogError`, what is missing, unreadable, a folder, a pipe or a device. */
  static async open(path: string): Promise<LogFile> {
    const absolute = resolve(path);
    const handle = await openOrdinary(absolute);
    try {
      return new LogFile(absolute, handle, (await observe(handle)).identity);
    } catch (thrown) {
      await handle.close();
      throw toLogError(thrown, absolute);
    }
  }

  get size(): number {
    return this.#identity.size;
  }

  /** The file as it was last seen by `open` or `refresh`. */
  get identity(): FileIdentity {
    return this.#identity;
  }

  /** Descriptor for positional reads in worker threads of this process; valid until `close`. */
  get descriptor(): number {
    return this.#handle.fd;
  }

  /** As promised by `ByteSource`; throws `log.changed` when bytes that were there are gone. */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.max(0, length));
    let filled = 0;
    try {
      while (filled < length) {
        const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (thrown) {
      throw toLogError(thrown, this.path);
    }
    if (filled < length && position + filled < this.size) throw changedUnderneath(this.path);
    return buffer.subarray(0, filled);
  }

  /** Looks again, takes note, and says whether the file grew or was rewritten since it was last seen. */
  async refresh(): Promise<Change> {
    const { change, identity } = await this.look();
    this.#identity = identity;
    return change;
  }

  /** Looks again without taking note: what happened since `identity` was seen, and how the file is now. */
  async look(): Promise<{ change: Change; identity: FileIdentity }> {
    try {
      const now = await observe(this.#handle);
      return { change: changeBetween(this.#identity, now), identity: now.identity };
    } catch (thrown) {
      throw toLogError(thrown, this.path);
    }
  }

  /** What stands at the path now: logs are renamed away and deleted while they are read. */
  async atPath(): Promise<'this file' | 'another file' | 'nothing'> {
    try {
      const stats = fromStats(await stat(this.path, { bigint: true }));
      return isSameFile(stats, this.#identity) ? 'this file' : 'another file';
    } catch (thrown) {
      const error = toLogError(thrown, this.path);
      if (error.code === 'log.notFound') return 'nothing';
      throw error;
    }
  }

  /** Guesses the encoding from the head and a few other places. */
  async detectEncoding(): Promise<LogEncoding> {
    const head = await this.read(0, Math.min(this.size, SAMPLE_BYTES));
    const samples: Buffer[] = [];
    if (this.size > SAMPLE_BYTES) {
      const step = (this.size - SAMPLE_BYTES) / SAMPLES;
      for (let i = 1; i <= SAMPLES; i += 1) samples.push(await this.read(Math.floor(step * i), SAMPLE_BYTES));
    }
    return detectEncoding(head, samples);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function openOrdinary(path: string): Promise<FileHandle> {
  try {
    // Looked at before opening: opening a named pipe would wait for a writer.
    requireOrdinary(await stat(path), path);
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      requireOrdinary(await handle.stat(), path);
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
    return handle;
  } catch (thrown) {
    throw toLogError(thrown, path);
  }
}

function requireOrdinary(stats: { isDirectory(): boolean; isFile(): boolean }, path: string): void {
  if (stats.isDirectory()) {
    throw new LogError('log.isDirectory', `${path} is a folder. Choose a file in it.`, { path });
  }
  if (!stats.isFile()) {
    throw new LogError(
      'log.notAFile',
      `${path} is a pipe or a device, not an ordinary file, so it cannot be paged through.`,
      { path },
    );
  }
}
