import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, type JournalOptions } from '#electron/services/journal/journal.ts';
import { steppedClock } from './journal-builders.ts';

/** Journals of one laptop in a folder of their own, opened one after the other, all closed and gone at the end. */
export class JournalFolder {
  readonly dir: string;
  readonly #opened: Journal[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<JournalFolder> {
    return new JournalFolder(await mkdtemp(join(tmpdir(), 'faultline-journal-')));
  }

  async open(options: Partial<JournalOptions> = {}): Promise<Journal> {
    const journal = await Journal.open({
      dir: this.dir,
      device: 'device-1',
      actor: 'li.wei',
      clock: steppedClock(),
      ...options,
    });
    this.#opened.push(journal);
    return journal;
  }

  async remove(): Promise<void> {
    for (const journal of this.#opened.splice(0)) await journal.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}
