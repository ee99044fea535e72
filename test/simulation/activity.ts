/** Real time after which a simulated laptop that neither ends nor waits for the network counts as stuck. */
const STUCK_MS = 20_000;

/** Something goes on for ever: the liveness that a simulation checks is broken. */
export class Stuck extends Error {
  constructor(what: string) {
    super(`${what} is stuck: it neither finishes nor waits for the network.`);
    this.name = 'Stuck';
  }
}

/** Waits for work that needs no network. @throws Stuck when it does not end. */
export async function endOf<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Stuck(what)), STUCK_MS);
  });
  try {
    return await Promise.race([work, stuck]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Counts what goes on in one laptop. Whoever waits for the network is not
 * busy; so "idle" means that nothing more happens before the simulation moves on.
 */
export class Activity {
  readonly #name: string;
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    this.#count--;
    if (this.#count > 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** @throws Stuck */
  async idle(): Promise<void> {
    while (this.#count > 0) {
      await endOf(new Promise<void>((resolve) => this.#waiting.push(resolve)), this.#name);
    }
  }
}
