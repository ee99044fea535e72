import type { EngineState } from '#shared/sync/engine/state.ts';
import { isWedged } from '#shared/sync/engine/watch.ts';
import type { Timers } from './engine-ports.ts';

export interface WatchdogOptions {
  readonly timers: Timers;
  readonly monotonicMs: () => number;
  readonly state: () => EngineState;
  readonly restart: () => void;
}

const LOOK_EVERY_MS = 60_000;

/**
 * Looks at the engine from outside, on a timer of its own. Every wait of the engine has a deadline; one that is long over twice
 * in a row means that the engine itself has failed, and it is started anew. Once could be a laptop that has just woken up.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #stop: (() => void) | undefined;
  #suspicions = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#stop = this.#options.timers.set(LOOK_EVERY_MS, () => {
      this.start();
      this.#look();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #look(): void {
    const { state, monotonicMs, restart } = this.#options;
    this.#suspicions = isWedged(state(), monotonicMs()) ? this.#suspicions + 1 : 0;
    if (this.#suspicions < 2) return;
    this.#suspicions = 0;
    restart();
  }
}
