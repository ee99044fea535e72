/** How long something may stand still, and how long it may take in all, in milliseconds. */
export interface PatienceLimits {
  readonly withoutProgressMs: number;
  readonly inAllMs: number;
}

/**
 * Tells slow from stuck. Progress is that less is left than ever before: what goes round in a circle makes none, and what
 * creeps for ever comes to the limit of all.
 */
export class Patience {
  readonly #limits: PatienceLimits;
  readonly #began: number;
  #progressed: number;
  #least = Number.POSITIVE_INFINITY;

  constructor(limits: PatienceLimits, nowMs: number) {
    this.#limits = limits;
    this.#began = nowMs;
    this.#progressed = nowMs;
  }

  /** @param left how much is still to be done; `undefined` when nobody answered, which is no progress. */
  isOver(nowMs: number, left: number | undefined): boolean {
    if (left !== undefined && left < this.#least) {
      // What is seen first is only what the progress is measured by.
      if (this.#least !== Number.POSITIVE_INFINITY) this.#progressed = nowMs;
      this.#least = left;
    }
    const { withoutProgressMs, inAllMs } = this.#limits;
    return nowMs - this.#progressed > withoutProgressMs || nowMs - this.#began > inAllMs;
  }
}
