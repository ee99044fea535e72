/** A scope whose checksum did not fit and that was fetched anew. */
export interface Repair {
  readonly at: string;
  readonly scope: string;
  readonly expected: string;
  readonly found: string;
}

/** Enough to see a pattern; a broken checksum must not fill the memory. */
const KEPT = 50;

/** The last repairs, for a diagnosis: each one is a fault somewhere that nobody has noticed otherwise. */
export class RepairLog {
  #repairs: readonly Repair[] = [];

  /** The oldest first. */
  get recent(): readonly Repair[] {
    return this.#repairs;
  }

  note(repair: Repair): void {
    this.#repairs = [...this.#repairs, repair].slice(-KEPT);
  }
}
