/** Pieces of work that must not mix: each begins when the one before has ended, however it did. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // Whoever waits for this one hears of its failure; the next only waits.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
