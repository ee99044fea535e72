import type { Database, Sql, TransactionMode } from '#server/db/database.ts';

/** Thrown in place of a database that has died. */
class DatabaseGone extends Error {
  constructor() {
    super('The database is gone.');
    this.name = 'DatabaseGone';
  }
}

/** How many reads a planted late commit stays unseen. */
const UNSEEN_READS = 3;

/**
 * A database that dies before or after a commit, says now and then that it may
 * forget, and can be given the classic fault on purpose: numbers that were
 * drawn before the commit, so that a reader sees a number before a smaller one.
 */
export class FaultyDatabase implements Database {
  readonly real: Database;
  /** The next write transaction dies then, once. */
  diesAt: 'beforeCommit' | 'afterCommit' | undefined;
  durable = true;
  /** The planted fault: every third push becomes visible a few reads late, although its numbers are given. */
  drawsNumbersEarly = false;
  readonly #unseen = new Map<string, number>();
  #pushes = 0;

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
        const done = await work(this.drawsNumbersEarly ? this.#withLateCommits(sql) : sql);
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

  /** What a server with a sequence in place of the locked counter would show to a reader. */
  #withLateCommits(sql: Sql): Sql {
    return {
      query: async <R extends object>(text: string, parameters: readonly unknown[] = []): Promise<R[]> => {
        const rows = await sql.query<R>(text, parameters);
        if (text.includes('INSERT INTO events') && ++this.#pushes % 3 === 0) {
          const records = JSON.parse(String(parameters[2])) as { id: string }[];
          for (const { id } of records) this.#unseen.set(id, UNSEEN_READS);
        }
        if (!text.startsWith('SELECT n, body FROM events')) return rows;
        const last = rows.at(-1);
        return rows.filter((row) => row === last || !this.#isUnseen(row as { body?: string }));
      },
    };
  }

  #isUnseen({ body = '{}' }: { body?: string }): boolean {
    const { id } = JSON.parse(body) as { id: string };
    const left = this.#unseen.get(id) ?? 0;
    if (left > 0) this.#unseen.set(id, left - 1);
    return left > 0;
  }
}
