import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { LogFile } from './log-file.ts';

/** Network drives and containers send no notifications, so the file is looked at this often whatever they say. */
const POLL_MS = 500;
/** A busy log notifies for every line; looking this often is enough for the eye. */
const SETTLE_MS = 40;

export type FollowEvent =
  | { readonly kind: 'grown'; readonly size: number }
  /** Became shorter or was written anew in place (copytruncate): earlier positions are void. */
  | { readonly kind: 'rewritten'; readonly size: number }
  /** The path names another file now (rename rotation). The open file was followed to its end first. */
  | { readonly kind: 'rotated' }
  /** Nothing stands at the path; the open file can still be read. */
  | { readonly kind: 'vanished' }
  /** The same file is back at the path. */
  | { readonly kind: 'returned' };

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pollMs?: number;
}

/**
 * Follows a growing log like `tail -F`, until the signal is aborted. Each event
 * is told after the file has taken note of it. `rotated` is told at every look:
 * who has opened the new file leaves and follows that.
 */
export async function* followLog(
  file: LogFile,
  options: FollowOptions = {},
): AsyncGenerator<FollowEvent, void> {
  const { signal, pollMs = POLL_MS } = options;
  const hints = new Hints(file.path, signal);
  let vanished = false;
  try {
    while (signal?.aborted !== true) {
      const there = await file.atPath();
      // Looked at second: what was written before the rename is not missed.
      const change = await file.refresh();
      if (change !== 'none') yield { kind: change, size: file.size };
      if (there === 'another file') yield { kind: 'rotated' };
      else if ((there === 'nothing') !== vanished) {
        vanished = there === 'nothing';
        yield { kind: vanished ? 'vanished' : 'returned' };
      }
      await hints.next(pollMs);
    }
  } finally {
    hints.close();
  }
}

/** Waits until the operating system hints at a change, time is up, or the signal is aborted. */
class Hints {
  readonly #signal: AbortSignal | undefined;
  #watcher: FSWatcher | undefined;
  #hinted = false;
  #wake: () => void = () => undefined;

  constructor(path: string, signal: AbortSignal | undefined) {
    this.#signal = signal;
    const name = basename(path);
    try {
      // The folder, not the file: only there a new file of the same name is seen.
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, changed) => {
        if (changed !== null && changed !== name) return;
        this.#hinted = true;
        this.#wake();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch (thrown) {
      // Notifications may be used up or unknown to this file system: polling alone is correct, only later.
      if (!(thrown instanceof Error)) throw thrown;
    }
    signal?.addEventListener('abort', this.#interrupt, { once: true });
  }

  async next(pollMs: number): Promise<void> {
    await this.#pause(Math.min(SETTLE_MS, pollMs));
    if (!this.#hinted) await this.#pause(pollMs, true);
    this.#hinted = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#signal?.removeEventListener('abort', this.#interrupt);
  }

  readonly #interrupt = (): void => this.#wake();

  async #pause(ms: number, endsWithHint = false): Promise<void> {
    if (this.#signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!endsWithHint && this.#signal?.aborted !== true) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}
