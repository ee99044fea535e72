import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeEvent, encodeHeader, encodeSize, IntervalClock } from '#shared/domain/recording/asciicast.ts';
import type { CastCode } from '#shared/domain/recording/asciicast.ts';
import { SshError } from './ssh-error.ts';

/** Written at once when this much waits; two such blocks are all the memory a flood takes. */
const BLOCK_BYTES = 512 * 1024;
/** A quiet session reaches the file within this time: what a crash may cost. */
const WRITE_EVERY_MS = 200;
/** And the disk itself within this one: what a power cut may cost. */
const SYNC_EVERY_MS = 2000;

/** What the recorder needs of an open file. */
export type RecordingHandle = Pick<FileHandle, 'write' | 'datasync' | 'sync' | 'close'>;

export interface RecorderOptions {
  readonly path: string;
  readonly cols: number;
  readonly rows: number;
  readonly title?: string;
  /** Wall clock, for the header only. */
  readonly startedAt: Date;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Opens the file to append to; it must not exist yet. */
  readonly openFile?: (path: string) => Promise<RecordingHandle>;
}

/** A finished recording file. `sha256` is in hex. */
export interface RecordingFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly durationMs: number;
}

/**
 * Writes one terminal recording (asciicast v3), losing nothing: whoever appends waits for the disk when
 * it is behind. The file is only ever appended to and fsynced every two seconds, so after a crash its
 * whole lines are a valid recording. Typed input is not recorded: it holds passwords.
 */
export class Recorder {
  readonly path: string;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #clock: IntervalClock;
  readonly #file: RecordingHandle;
  readonly #hash = createHash('sha256');
  #size = 0;
  /** Filled while the other one is written. */
  #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #spare = Buffer.allocUnsafe(BLOCK_BYTES);
  #used = 0;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #syncedAtMs: number;
  #timer: NodeJS.Timeout | undefined;
  #failure: SshError | undefined;

  private constructor(options: RecorderOptions, file: RecordingHandle) {
    this.path = options.path;
    this.#now = options.now;
    this.#startedAtMs = options.now();
    this.#syncedAtMs = this.#startedAtMs;
    this.#clock = new IntervalClock(this.#startedAtMs);
    this.#file = file;
  }

  /** Starts a new file; resolves when its header is on disk. Throws 'ssh.recordingFailed'. */
  static async start(options: RecorderOptions): Promise<Recorder> {
    try {
      await mkdir(dirname(options.path), { recursive: true });
      const openFile = options.openFile ?? ((path: string) => open(path, 'ax', 0o600));
      const recorder = new Recorder(options, await openFile(options.path));
      recorder.#put(
        encodeHeader({
          term: { cols: options.cols, rows: options.rows, type: 'xterm-256color' },
          timestamp: Math.floor(options.startedAt.getTime() / 1000),
          ...(options.title !== undefined && { title: options.title }),
        }),
      );
      await recorder.#write();
      await recorder.#sync();
      return recorder;
    } catch (error) {
      throw recordingFailed(options.path, error);
    }
  }

  /** Why nothing more is recorded, once writing has failed (a full disk). */
  get failure(): SshError | undefined {
    return this.#failure;
  }

  /** Text that goes to the screen. Resolves at once, or when the disk has caught up. Never throws. */
  async output(text: string): Promise<void> {
    if (text !== '') await this.#append('o', text);
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#append('r', encodeSize(cols, rows));
  }

  async marker(label: string): Promise<void> {
    await this.#append('m', label);
  }

  /** Writes the rest and the exit event, fsyncs and closes. Throws 'ssh.recordingFailed' when it broke before. */
  async close(exitCode?: number): Promise<RecordingFile> {
    if (exitCode !== undefined) await this.#append('x', String(exitCode));
    clearTimeout(this.#timer);
    const durationMs = Math.round(this.#now() - this.#startedAtMs);
    try {
      while (this.#writing !== undefined || this.#used > 0) await this.#flush();
      await this.#syncing;
      if (this.#failure === undefined) await this.#file.sync();
      await this.#file.close();
    } catch (error) {
      this.#failure ??= recordingFailed(this.path, error);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return { path: this.path, size: this.#size, sha256: this.#hash.digest('hex'), durationMs };
  }

  async #append(code: CastCode, data: string): Promise<void> {
    if (this.#failure !== undefined) return;
    const line = encodeEvent({ intervalMs: this.#clock.next(this.#now()), code, data });
    if (this.#used + Buffer.byteLength(line) > BLOCK_BYTES) {
      // The write before must be through, the one begun here need not be: disk and network overlap.
      await this.#writing;
      void this.#flush();
    }
    this.#put(line);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flushRest();
    }, WRITE_EVERY_MS);
  }

  /** A line longer than a block (a frame of nothing but control characters comes near) gets one of its size. */
  #put(line: string): void {
    const bytes = this.#used + Buffer.byteLength(line);
    if (bytes > this.#block.length) {
      const larger = Buffer.allocUnsafe(bytes);
      larger.set(this.#block.subarray(0, this.#used));
      this.#block = larger;
    }
    this.#used += this.#block.write(line, this.#used, 'utf8');
  }

  /** Writes also what came while a write was under way. */
  async #flushRest(): Promise<void> {
    await this.#writing;
    await this.#flush();
  }

  /** Writes what waits, one write at a time. A failure is kept, not thrown. */
  #flush(): Promise<void> {
    this.#writing ??= this.#write()
      .catch((error: unknown) => {
        this.#failure = recordingFailed(this.path, error);
        this.#used = 0;
      })
      .finally(() => {
        this.#writing = undefined;
      });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const full = this.#block;
    const bytes = full.subarray(0, this.#used);
    this.#block = this.#spare;
    this.#used = 0;
    this.#hash.update(bytes);
    this.#size += bytes.length;
    let written = 0;
    while (written < bytes.length) {
      written += (await this.#file.write(bytes, written)).bytesWritten;
    }
    this.#spare = full;
    if (this.#now() - this.#syncedAtMs >= SYNC_EVERY_MS) void this.#sync();
  }

  #sync(): Promise<void> {
    this.#syncing ??= this.#file
      .datasync()
      .catch((error: unknown) => {
        this.#failure = recordingFailed(this.path, error);
      })
      .finally(() => {
        this.#syncing = undefined;
        this.#syncedAtMs = this.#now();
      });
    return this.#syncing;
  }
}

function recordingFailed(path: string, cause: unknown): SshError {
  if (cause instanceof SshError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SshError(
    'ssh.recordingFailed',
    `The recording ${path} could not be written: ${reason}. What was recorded until then is kept; free disk space and start a new session.`,
    { cause },
  );
}
