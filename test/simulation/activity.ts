/** Real time after which a simulated laptop that neither ends nor waits for the network counts as stuck. */
const STUCK_MS = 20_000;
/** Between two counted pieces of work lie promises only: so many turns of the event loop are more than they need. */
const QUIET_TURNS = 3;

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
 * Counts what goes on in one laptop at its ports: disk, store, and the server while it works. What waits for the
 * network or for a timer is not counted; so "idle" means that nothing more happens before the simulation moves on.
 */
export class Activity {
  readonly #name: string;
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.#count === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** The same object, with all its asynchronous methods counted. */
  counted<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, parameters);
          return result instanceof Promise ? this.during(() => result) : result;
        };
      },
    });
  }

  /** @throws Stuck */
  idle(): Promise<void> {
    return endOf(this.#idle(), this.#name);
  }

  async #idle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#count === 0) continue;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      quiet = -1;
    }
  }
}
