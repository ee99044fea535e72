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
    const hear = (payload: string): void => {
      const said = readNote(payload);
      if (said === undefined || said.from === this.#name) return;
      if (said.scopes === undefined) this.#emitter.emit('rightsChanged', said.tenant);
      else this.#emitter.emit('change', said);
    };
    database.onNotified(hear, () => this.#emitter.emit('gap'));
  }

  /** Called after a commit. */
  changed(tenant: string, scopes: Iterable<string>): void {
    const pending = this.#pending.get(tenant) ?? new Set();
    for (const scope of scopes) pending.add(scope);
    this.#pending.set(tenant, pending);
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  /**
   * Called after rights or logins of users or devices were taken or given: lines that stand are looked at again at
   * once, here and on the other servers, and not only with the next byte that keeps them open.
   */
  rightsChanged(tenant: string): void {
    this.#emitter.emit('rightsChanged', tenant);
    this.#database.notify(JSON.stringify({ tenant, from: this.#name })).catch(this.#onFailed);
  }

  /** Hears of every tenant whose rights changed until the returned function is called. */
  onRightsChanged(listener: (tenant: string) => void): () => void {
    this.#emitter.on('rightsChanged', listener);
    return () => this.#emitter.off('rightsChanged', listener);
  }

  /** Hears of every change until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void {
    this.#emitter.on('change', listener);
    return () => this.#emitter.off('change', listener);
  }

  /** Told when changes on other servers may have gone unheard, until the returned function is called. */
  onGap(listener: () => void): () => void {
    this.#emitter.on('gap', listener);
    return () => this.#emitter.off('gap', listener);
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

interface Note {
  readonly from: string;
  readonly tenant: string;
  /** Absent when it was not facts that changed but rights. */
  readonly scopes?: Change['scopes'];
}

function readNote(payload: string): Note | undefined {
  try {
    return JSON.parse(payload) as Note;
  } catch (error) {
    // Somebody else's words on our channel: a lost hint only delays until the next poll.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
