import { join } from 'node:path';
import { isDiskFull, JournalError } from './journal-error.ts';
import type { Place } from './ledger.ts';
import type { OpenedSegments } from './open-segments.ts';
import type { JournalEnd } from './read-records.ts';
import { type SegmentFile, type SegmentFiles, segmentName } from './segment-file.ts';

/**
 * Writes frames behind one another and starts a new segment when one is full.
 * When a write fails, what it left is cut away before anything else is written.
 */
export class SegmentWriter {
  readonly #dir: string;
  readonly #files: SegmentFiles;
  readonly #segmentBytes: number;
  #segment: number;
  #size: number;
  #mustRotate: boolean;
  /** Bytes of a failed write may stand behind `#size`. */
  #isUnclean = false;
  #file: SegmentFile | undefined;
  /** Number of the segment that was made last. */
  #begun = 0;

  constructor(dir: string, files: SegmentFiles, segmentBytes: number, opened: OpenedSegments) {
    this.#dir = dir;
    this.#files = files;
    this.#segmentBytes = segmentBytes;
    this.#segment = opened.lastSegment;
    this.#size = opened.size;
    this.#mustRotate = opened.mustRotate || opened.lastSegment === 0;
  }

  /** True when the next write begins a segment. */
  get startsSegment(): boolean {
    return this.#size === 0 || this.#isFull;
  }

  get #isFull(): boolean {
    return this.#mustRotate || this.#size >= this.#segmentBytes;
  }

  /** The next write begins a segment. */
  beginSegment(): void {
    this.#mustRotate = true;
  }

  /** Behind the last record that counts. */
  get end(): JournalEnd {
    return { segment: this.#segment, size: this.#size };
  }

  /**
   * Writes all frames and flushes them with one call.
   * @returns where each stands.
   * @throws JournalError `journal.diskFull`, `journal.failed`; then none of them counts.
   */
  async write(frames: readonly Buffer[]): Promise<Place[]> {
    try {
      if (this.#isFull) await this.#rotate();
      const file = await this.#current();
      if (this.#isUnclean) {
        await file.truncate(this.#size);
        this.#isUnclean = false;
      }
      this.#isUnclean = true;
      await file.write(
        frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames),
        this.#size,
      );
      await file.datasync();
      this.#isUnclean = false;
    } catch (thrown) {
      await this.#cleanUp();
      throw toJournalError(thrown);
    }
    return frames.map((frame) => {
      const offset = this.#size;
      this.#size += frame.length;
      return { segment: this.#segment, offset, end: this.#size };
    });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #current(): Promise<SegmentFile> {
    this.#file ??= await this.#files.open(join(this.#dir, segmentName(this.#segment)), false);
    return this.#file;
  }

  async #rotate(): Promise<void> {
    const number = this.#segment + 1;
    // What a rotation that failed has left is empty and ours: the next one goes on with it.
    const next = await this.#files.open(join(this.#dir, segmentName(number)), this.#begun !== number);
    this.#begun = number;
    try {
      await this.#files.syncFolder(this.#dir);
    } catch (thrown) {
      // Nothing was written to it, so that closing cannot lose anything; the failure to tell is the first one.
      await next.close().catch(() => undefined);
      throw thrown;
    }
    const full = this.#file;
    this.#file = next;
    this.#segment = number;
    this.#size = 0;
    this.#mustRotate = false;
    this.#isUnclean = false;
    await full?.close();
  }

  async #cleanUp(): Promise<void> {
    if (!this.#isUnclean || this.#file === undefined) return;
    try {
      await this.#file.truncate(this.#size);
      await this.#file.datasync();
      this.#isUnclean = false;
    } catch {
      // Not even cutting works now. It stays marked unclean, and the next write begins by cutting.
      await this.#file.close().catch(() => undefined);
      this.#file = undefined;
    }
  }
}

function toJournalError(thrown: unknown): JournalError {
  if (isDiskFull(thrown)) {
    return new JournalError(
      'journal.diskFull',
      'The disk is full, so this was not saved. Free some space and save again; everything saved before is safe.',
    );
  }
  const reason = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  return new JournalError(
    'journal.failed',
    `The disk refused to save (${reason}). Nothing of this was kept; everything saved before is safe.`,
    { reason },
  );
}
