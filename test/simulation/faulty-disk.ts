import type { FileHandle } from 'node:fs/promises';
import type { SegmentFile, SegmentFiles } from '#electron/services/journal/segment-file.ts';
import type { Activity } from './activity.ts';
import { noSpace, realFiles } from './laptop-files.ts';
import type { Life } from './life.ts';
import type { Random } from './random.ts';

interface OpenFile {
  readonly path: string;
  readonly file: FileHandle;
  /** What a loss of power leaves for certain. */
  synced: number;
  written: number;
  isNew: boolean;
}

/**
 * The disk under a journal: real files that can be full, that a crash leaves
 * torn, and that keep after a loss of power only what was flushed for certain.
 */
export class FaultyDisk implements SegmentFiles {
  isFull = false;
  readonly #life: Life;
  readonly #activity: Activity;
  readonly #random: Random;
  readonly #open = new Set<OpenFile>();
  /** Whether they are gone is not certain yet. */
  readonly #removed = new Set<string>();

  constructor(life: Life, activity: Activity, random: Random) {
    this.#life = life;
    this.#activity = activity;
    this.#random = random;
  }

  open(path: string, create: boolean): Promise<SegmentFile> {
    return this.#activity.during('open', async () => {
      this.#life.step('disk');
      if (create && this.isFull) throw noSpace();
      const file = await realFiles.open(path, create ? 'wx' : 'r+', 0o600);
      const { size } = await file.stat();
      const entry: OpenFile = { path, file, synced: size, written: size, isNew: create };
      this.#open.add(entry);
      return this.#activity.counted({
        write: (bytes: Uint8Array, position: number) => this.#write(entry, bytes, position),
        truncate: async (size: number) => {
          this.#life.step('disk');
          await file.truncate(size);
          entry.written = size;
          entry.synced = Math.min(entry.synced, size);
        },
        datasync: async () => {
          this.#life.step('disk');
          // What a loss of power leaves is decided below: the real disk need not be waited for.
          entry.synced = entry.written;
          this.#life.step('disk');
        },
        close: async () => {
          this.#life.step('disk');
          this.#open.delete(entry);
          await file.close();
        },
      });
    });
  }

  remove(path: string): Promise<void> {
    return this.#activity.during('remove', async () => {
      this.#life.step('disk');
      // Under another name, which nothing reads, it waits for whether the power stays.
      await realFiles.rename(path, `${path}.removed`);
      this.#removed.add(path);
    });
  }

  syncFolder(): Promise<void> {
    return this.#activity.during('syncFolder', async () => {
      this.#life.step('disk');
      for (const path of this.#removed) await realFiles.rm(`${path}.removed`, { force: true });
      this.#removed.clear();
      for (const entry of this.#open) entry.isNew = false;
    });
  }

  /** The power has gone: what was not flushed is there in part, or not at all. */
  async losePower(): Promise<void> {
    for (const { path, file, synced, written, isNew } of this.#open) {
      if (written > synced) await file.truncate(synced + this.#random.int(written - synced + 1));
      await file.close();
      if (isNew && this.#random.chance(0.5)) await realFiles.rm(path, { force: true });
    }
    this.#open.clear();
    for (const path of this.#removed)
      if (this.#random.chance(0.5)) await realFiles.rename(`${path}.removed`, path);
      else await realFiles.rm(`${path}.removed`, { force: true });
    this.#removed.clear();
  }

  async #write(entry: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
    let fits = bytes;
    let dies = false;
    try {
      this.#life.step('disk');
    } catch (thrown) {
      // The last thing it did may be a part of this write.
      if (!this.#open.has(entry)) throw thrown;
      dies = true;
    }
    if (dies || this.isFull) fits = bytes.subarray(0, this.#random.int(bytes.length));
    await entry.file.write(fits, 0, fits.length, position);
    entry.written = Math.max(entry.written, position + fits.length);
    if (dies) this.#life.step('disk');
    if (this.isFull) throw noSpace();
  }
}
