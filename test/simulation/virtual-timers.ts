import type { Timers } from '#electron/services/sync/engine-ports.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Entry {
  readonly dueMs: number;
  readonly fire: () => void;
}

/**
 * The timers of one run of a laptop. They fire when the simulation says so, each at most once for a jump of the time,
 * as on a computer that was asleep.
 */
export class VirtualTimers implements Timers {
  readonly #time: VirtualTime;
  readonly #entries = new Set<Entry>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  set(ms: number, fire: () => void): () => void {
    const entry = { dueMs: this.#time.ms + Math.max(ms, 1), fire };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** Fires the one that has been due for longest. @returns false when none is. */
  fireNext(): boolean {
    let next: Entry | undefined;
    for (const entry of this.#entries)
      if (entry.dueMs <= this.#time.ms && (next === undefined || entry.dueMs < next.dueMs)) next = entry;
    if (next === undefined) return false;
    this.#entries.delete(next);
    next.fire();
    return true;
  }
}
