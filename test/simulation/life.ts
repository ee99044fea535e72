/** The ports of a laptop at which it can die: each counts its own calls. The store takes in own facts, and news. */
export type Port = 'disk' | 'network' | 'ownFacts' | 'news';

/** Thrown by every port of a laptop that has lost its power. */
export class Crashed extends Error {
  constructor() {
    super('The power is gone.');
    this.name = 'Crashed';
  }
}

/** One run of a laptop, from start to crash. After its end no port does anything any more. */
export class Life {
  isOver = false;
  readonly #ended = new AbortController();
  #plan: { port: Port; callsLeft: number } | undefined;

  /** Aborted when the power goes. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** The power goes at the `calls`-th call of a port from now, 1 being the next one. */
  planCrash(port: Port, calls: number): void {
    this.#plan = { port, callsLeft: calls };
  }

  spare(): void {
    this.#plan = undefined;
  }

  end(): void {
    this.isOver = true;
    this.#ended.abort(new Crashed());
  }

  /** Called by a port before it does anything, and after it. @throws Crashed */
  step(port: Port): void {
    if (!this.isOver && this.#plan?.port === port && --this.#plan.callsLeft <= 0) this.end();
    if (this.isOver) throw new Crashed();
  }
}
