/** Real time after which a simulated laptop that neither ends nor waits for the network counts as stuck. */
const STUCK_MS = 60_000;
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
  /** What has not come to an end, for whoever asks why nothing goes on. */
  readonly #underWay = new Set<{ readonly what: string }>();
  #count = 0;
  #before: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Starts the work at once, and gives back what came of it after all work that was started before: how fast a disk or a
   * thread is must not decide what happens first.
   */
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#count++;
    const entry = { what };
    this.#underWay.add(entry);
    const run = work();
    const isOver = (): void => void this.#underWay.delete(entry);
    run.then(isOver, isOver);
    const turn = Promise.all([this.#before, run.catch(() => undefined)]);
    // What follows from this one happens before the next one is given back.
    this.#before = turn.then(() => new Promise<void>((resolve) => setImmediate(resolve)));
    await turn;
    this.#leave();
    return run;
  }

  /** Counts work in which other counted work is done: it comes to an end whenever it does. */
  async throughout<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#count++;
    const entry = { what };
    this.#underWay.add(entry);
    try {
      return await work();
    } finally {
      this.#underWay.delete(entry);
      this.#leave();
    }
  }

  #leave(): void {
    this.#count--;
    if (this.#count === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The same object, with all its asynchronous methods counted. */
  counted<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, parameters);
          return result instanceof Promise ? this.during(String(name), () => result) : result;
        };
      },
    });
  }

  /** @throws Stuck */
  async idle(): Promise<void> {
    try {
      await endOf(this.#idle(), this.#name);
    } catch (thrown) {
      const left = [...this.#underWay].map(({ what }) => what).join(', ');
      throw thrown instanceof Stuck ? new Stuck(`${this.#name} (${left})`) : thrown;
    }
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
