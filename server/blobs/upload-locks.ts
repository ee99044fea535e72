import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';

type AskToRelease = () => void | Promise<void>;

export interface LockTimes {
  /** A lock that is not renewed for so long has lost its owner. */
  readonly lifeMs: number;
  /** How often an owner renews its lock, and looks whether somebody else wants it. */
  readonly beatMs: number;
  /** How often somebody who waits tries again. */
  readonly retryMs: number;
  /** How long somebody waits at most. Longer than the life, so that a dead owner is outlived. */
  readonly patienceMs: number;
}
export const LOCK_TIMES: LockTimes = { lifeMs: 8_000, beatMs: 500, retryMs: 100, patienceMs: 12_000 };

/** Which upload: the tenant stands in every key. */
export interface UploadKey {
  readonly tenant: string;
  readonly id: string;
}

/**
 * One writer for each upload, over all nodes of one database. A lock is a row
 * with an end; its owner renews it while it writes. Whoever wants a lock that is
 * held asks its owner to let go: so a request whose socket is half open, because the
 * laptop has lost its network, does not keep the same laptop out when it comes
 * back (tus: "423 Locked" until a timeout of the socket). The database's clock counts, not the nodes'.
 */
export class UploadLocks {
  readonly #database: Database;
  readonly #times: LockTimes;

  constructor(database: Database, times: LockTimes = LOCK_TIMES) {
    this.#database = database;
    this.#times = times;
  }

  lockOf(key: UploadKey): UploadLock {
    return new UploadLock(this.#database, this.#times, key);
  }

  /** Does the work while nobody else writes to the upload. */
  async hold<T>(key: UploadKey, work: () => Promise<T>): Promise<T> {
    const lock = this.lockOf(key);
    await lock.lock(new AbortController().signal, () => undefined);
    try {
      return await work();
    } finally {
      await lock.unlock();
    }
  }

  /** Rows of owners that died and whose upload nobody asked for again. */
  async dropDead(): Promise<void> {
    await this.#database.query(`DELETE FROM upload_locks WHERE expires_at < now() - interval '1 hour'`);
  }
}

/** tus's `Lock`. Made for one request and used once. */
export class UploadLock {
  readonly #database: Database;
  readonly #times: LockTimes;
  readonly #key: UploadKey;
  readonly #owner = randomUUID();
  #beating: NodeJS.Timeout | undefined;
  #askToRelease: AskToRelease = () => undefined;

  constructor(database: Database, times: LockTimes, key: UploadKey) {
    this.#database = database;
    this.#times = times;
    this.#key = key;
  }

  /**
   * Waits for the lock.
   * @param askToRelease is called, perhaps more than once, when somebody else wants the lock or it cannot be renewed.
   * @throws Problem 423 `upload.locked` when its owner does not let go in time, or `signal` was aborted.
   */
  async lock(signal: AbortSignal, askToRelease: AskToRelease): Promise<void> {
    this.#askToRelease = askToRelease;
    const until = performance.now() + this.#times.patienceMs;
    while (!signal.aborted && performance.now() < until) {
      if (await this.#take()) {
        this.#beat();
        return;
      }
      await this.#want();
      await wait(this.#times.retryMs);
    }
    throw new Problem(
      423,
      'upload.locked',
      'Another request is writing to this upload. Ask for its offset again in a moment.',
      2,
    );
  }

  async unlock(): Promise<void> {
    clearTimeout(this.#beating);
    this.#beating = undefined;
    const { tenant, id } = this.#key;
    await this.#database.query('DELETE FROM upload_locks WHERE tenant = $1 AND id = $2 AND owner = $3', [
      tenant,
      id,
      this.#owner,
    ]);
  }

  async #take(): Promise<boolean> {
    const taken = await this.#database.query(
      `INSERT INTO upload_locks AS held (tenant, id, owner, expires_at)
       VALUES ($1, $2, $3, now() + $4 * interval '1 millisecond')
       ON CONFLICT (tenant, id) DO UPDATE
         SET owner = excluded.owner, expires_at = excluded.expires_at, release_wanted = false
         WHERE held.expires_at < now()
       RETURNING owner`,
      [this.#key.tenant, this.#key.id, this.#owner, this.#times.lifeMs],
    );
    return taken.length > 0;
  }

  async #want(): Promise<void> {
    await this.#database.query(
      `UPDATE upload_locks SET release_wanted = true
       WHERE tenant = $1 AND id = $2 AND owner <> $3 AND NOT release_wanted`,
      [this.#key.tenant, this.#key.id, this.#owner],
    );
  }

  #beat(): void {
    this.#beating = setTimeout(() => void this.#renew(), this.#times.beatMs);
    this.#beating.unref();
  }

  async #renew(): Promise<void> {
    try {
      const [row] = await this.#database.query<{ wanted: boolean }>(
        `UPDATE upload_locks SET expires_at = now() + $4 * interval '1 millisecond'
         WHERE tenant = $1 AND id = $2 AND owner = $3 RETURNING release_wanted AS wanted`,
        [this.#key.tenant, this.#key.id, this.#owner, this.#times.lifeMs],
      );
      if (this.#beating === undefined) return;
      if (row === undefined || row.wanted) await this.#askToRelease();
    } catch {
      // A lock that cannot be renewed is about to be somebody else's: stop writing before it is.
      await this.#askToRelease();
    }
    if (this.#beating !== undefined) this.#beat();
  }
}
