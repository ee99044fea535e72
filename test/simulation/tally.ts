import { classOf, type FaultClass } from './faults.ts';
import type { SimulationResult } from './simulate.ts';

/** What `npm run sim -- --json` prints. */
export interface Summary extends Record<Exclude<FaultClass, 'unbalanced'>, number> {
  readonly runs: number;
  /** Facts that people tried to save. */
  readonly events: number;
  /** Whether every unit was somewhere in every run. */
  readonly conserved: boolean;
  /** `null` when nothing was planted. */
  readonly plantedBugFound: boolean | null;
  readonly seedOfFirstFailure: number | null;
}

/** Adds up runs. */
export class Tally {
  readonly #faults: Record<FaultClass, number> = {
    lost: 0,
    duplicated: 0,
    diverged: 0,
    leaked: 0,
    stuck: 0,
    unbalanced: 0,
  };
  readonly #isPlanted: boolean;
  #runs = 0;
  #events = 0;
  #firstFailure: number | null = null;

  constructor(isPlanted: boolean) {
    this.#isPlanted = isPlanted;
  }

  add(seed: number, { faults, facts }: Pick<SimulationResult, 'faults' | 'facts'>): void {
    this.#runs++;
    this.#events += facts;
    for (const fault of faults) this.#faults[classOf(fault)]++;
    if (faults.length > 0) this.#firstFailure ??= seed;
  }

  get summary(): Summary {
    const { unbalanced, ...faults } = this.#faults;
    return {
      runs: this.#runs,
      events: this.#events,
      ...faults,
      conserved: unbalanced === 0,
      plantedBugFound: this.#isPlanted ? this.#firstFailure !== null : null,
      seedOfFirstFailure: this.#firstFailure,
    };
  }

  /** A run without a plant must find nothing, a run with one must find it. */
  get isAsItShould(): boolean {
    return this.#isPlanted === (this.#firstFailure !== null);
  }
}
