/**
 * One piece of work at a time. What comes waits for its turn, or, when it makes
 * the present work pointless, ends it and takes its place.
 */
export class Turns {
  readonly #until: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();
  #present: AbortController | undefined;

  /** @param until ends the present work and all that waits. */
  constructor(until: AbortSignal) {
    this.#until = until;
    until.addEventListener('abort', () => this.#present?.abort(), { once: true });
  }

  /** Works when everything before is done. */
  take(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      if (this.#until.aborted) return;
      const controller = new AbortController();
      this.#present = controller;
      await work(controller.signal);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the present work and takes the next turn. */
  interrupt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#present?.abort();
    return this.take(work);
  }
}
