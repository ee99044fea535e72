import type { Database, Sql, TransactionMode } from '#server/db/database.ts';

/** Thrown in place of a database that has died. */
export class DatabaseGone extends Error {
  constructor() {
    super('The database is gone.');
    this.name = 'DatabaseGone';
  }
}

/** A database that dies before or after a commit, and says now and then that it may forget. */
export class FaultyDatabase implements Database {
  readonly real: Database;
  /** The next write transaction dies then, once. */
  diesAt: 'beforeCommit' | 'afterCommit' | undefined;
  durable = true;

  constructor(real: Database) {
    this.real = real;
  }

  query<R extends object>(text: string, parameters?: readonly unknown[]): Promise<R[]> {
    return this.real.query<R>(text, parameters);
  }

  async transaction<T>(
    mode: TransactionMode,
    work: (sql: Sql) => Promise<T>,
    options?: { readonly bulk?: boolean },
  ): Promise<T> {
    const dies = mode === 'write' ? this.diesAt : undefined;
    if (dies !== undefined) this.diesAt = undefined;
    const result = await this.real.transaction(
      mode,
      async (sql) => {
        const done = await work(sql);
        if (dies === 'beforeCommit') throw new DatabaseGone();
        return done;
      },
      options,
    );
    if (dies === 'afterCommit') throw new DatabaseGone();
    return result;
  }

  notify(): Promise<void> {
    return Promise.resolve();
  }

  onNotified(): void {
    // There is one process.
  }

  async close(): Promise<void> {
    // The shared database stays open.
  }
}
