export type PokeReason = 'start' | 'poke' | 'poll' | 'online';

/** Tells whoever pulls that there may be something new. Pokes that nobody has taken yet are one poke. */
export class Pokes {
  readonly #listeners = new Set<(reason: PokeReason) => void>();

  emit(reason: PokeReason): void {
    for (const listener of this.#listeners) listener(reason);
  }

  async *listen(signal: AbortSignal): AsyncGenerator<{ reason: PokeReason }> {
    let pending: PokeReason | undefined = 'start';
    let wake: (() => void) | undefined;
    const hear = (reason: PokeReason): void => {
      pending = reason;
      wake?.();
    };
    const stop = (): void => wake?.();
    this.#listeners.add(hear);
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        const reason: PokeReason | undefined = pending;
        if (reason !== undefined) {
          pending = undefined;
          yield { reason };
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(hear);
      signal.removeEventListener('abort', stop);
    }
  }
}
