/**
 * The receiving half of a transport: keeps what arrives before somebody
 * listens, hands on in order, and tells once that it is over, also to somebody
 * who asks after the fact.
 */
export class Inbox {
  #listener: ((message: unknown) => void) | undefined;
  #closeListener: (() => void) | undefined;
  #early: unknown[] = [];
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  deliver(message: unknown): void {
    if (this.#isClosed) return;
    if (this.#listener === undefined) this.#early.push(message);
    else this.#listener(message);
  }

  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#early = [];
    this.#closeListener?.();
  }

  readonly onMessage = (listener: (message: unknown) => void): void => {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) if (!this.#isClosed) listener(message);
  };

  readonly onClose = (listener: () => void): void => {
    this.#closeListener = listener;
    if (this.#isClosed) listener();
  };
}
