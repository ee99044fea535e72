import { EventEmitter } from 'node:events';
import type { Database } from '../db/database.ts';

/** Pushes within this time become one poke: a burst of writers must not become a storm of readers. */
const COALESCE_MS = 50;

/** PostgreSQL refuses payloads of 8,000 bytes and more. */
const MAX_PAYLOAD = 7_000;

interface Change {
  readonly tenant: string;
  readonly scopes: readonly string[] | 'all';
}

/**
 * Tells waiting devices that their scopes have something new. Only a hint:
 * devices poll besides. Other processes on the same database are told with
 * NOTIFY, after the commit and coalesced, because inside every write
 * transaction it costs two thirds of the throughput.
 */
export class Pokes {
  readonly #database: Database;
  readonly #onFailed: (error: unknown) => void;
  readonly #name = crypto.randomUUID();
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  #pending = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(database: Database, onFailed: (error: unknown) => void) {
    this.#database = database;
    this.#onFailed = onFailed;
    database.onNotified((payload) => {
      const change = readChange(payload);
      if (change !== undefined && change.from !== this.#name) this.#emitter.emit('change', change);
    });
  }

  /** Called after a commit. */
  changed(tenant: string, scopes: Iterable<string>): void {
    const pending = this.#pending.get(tenant) ?? new Set();
    for (const scope of scopes) pending.add(scope);
    this.#pending.set(tenant, pending);
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  /** Hears of every change until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void {
    this.#emitter.on('change', listener);
    return () => this.#emitter.off('change', listener);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#emitter.removeAllListeners();
  }

  #flush(): void {
    this.#timer = undefined;
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [tenant, scopes] of pending) {
      const change = { tenant, scopes: [...scopes] };
      this.#emitter.emit('change', change);
      const payload = JSON.stringify({ ...change, from: this.#name });
      const fitting =
        payload.length <= MAX_PAYLOAD ? payload : JSON.stringify({ tenant, scopes: 'all', from: this.#name });
      this.#database.notify(fitting).catch(this.#onFailed);
    }
  }
}

function readChange(payload: string): (Change & { from: string }) | undefined {
  try {
    return JSON.parse(payload) as Change & { from: string };
  } catch (error) {
    // Somebody else's words on our channel: a lost hint only delays until the next poll.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
