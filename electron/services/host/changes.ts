/** Tells listeners that something has changed; what it is now, they ask. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Yields `read()` at once and after changes; several that come together count as one. */
  async *watch<T>(read: () => T | Promise<T>, signal: AbortSignal): AsyncGenerator<T> {
    let isDirty = true;
    let wake: (() => void) | undefined;
    const touch = (): void => {
      isDirty = true;
      wake?.();
    };
    const stop = (): void => wake?.();
    this.#listeners.add(touch);
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        if (isDirty) {
          isDirty = false;
          yield await read();
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(touch);
      signal.removeEventListener('abort', stop);
    }
  }
}
