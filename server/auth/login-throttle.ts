import { Problem } from '../http/problem.ts';

const WINDOW_MS = 15 * 60_000;
/** A person mistypes a few times; a program that guesses is stopped here. */
const FAILURES_PER_USER_AND_ADDRESS = 5;
/** Many users behind one office address mistype; a program that tries many names is stopped here. */
const FAILURES_PER_ADDRESS = 60;
/** Bounds the memory that somebody with many addresses can make us use. */
const MAX_ENTRIES = 50_000;

interface Failures {
  count: number;
  until: number;
}

/** Counts failed logins in this process: per user and address, and per address. */
export class LoginThrottle {
  readonly #failures = new Map<string, Failures>();

  /**
   * Counts an attempt before its password is looked at, so that attempts side by side count too.
   * @throws Problem 429 `auth.throttled` with the seconds to wait.
   */
  attempt(tenant: string, user: string, address: string, nowMs: number): void {
    const keys = keysOf(tenant, user, address);
    for (const { key, limit } of keys) {
      const entry = this.#current(key, nowMs);
      if (entry.count >= limit) {
        const seconds = Math.ceil((entry.until - nowMs) / 1000);
        throw new Problem(
          429,
          'auth.throttled',
          `Too many failed logins. Try again in ${seconds} seconds.`,
          seconds,
        );
      }
    }
    for (const { key } of keys) this.#current(key, nowMs).count++;
  }

  /** Takes an attempt back that turned out right, and forgives that user at that address. */
  succeeded(tenant: string, user: string, address: string, nowMs: number): void {
    const [own, shared] = keysOf(tenant, user, address);
    this.#failures.delete(own.key);
    const entry = this.#current(shared.key, nowMs);
    entry.count = Math.max(0, entry.count - 1);
  }

  #current(key: string, nowMs: number): Failures {
    const found = this.#failures.get(key);
    if (found !== undefined && found.until > nowMs) return found;
    const fresh = { count: 0, until: nowMs + WINDOW_MS };
    this.#failures.delete(key);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MAX_ENTRIES && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(key, fresh);
    return fresh;
  }
}

function keysOf(tenant: string, user: string, address: string) {
  return [
    { key: JSON.stringify([tenant, user, address]), limit: FAILURES_PER_USER_AND_ADDRESS },
    { key: JSON.stringify([address]), limit: FAILURES_PER_ADDRESS },
  ] as const;
}
