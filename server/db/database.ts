/** Anything that runs SQL: the database itself, or one transaction of it. */
export interface Sql {
  /** Runs one statement. Parameters stand as `$1`, `$2` …; `bigint` columns come back as numbers, `numeric` as text. */
  query<R extends object = Record<string, unknown>>(
    text: string,
    parameters?: readonly unknown[],
  ): Promise<R[]>;
}

/**
 * `write`: READ COMMITTED, so that a statement behind a row lock sees what the lock's last owner wrote.
 * `snapshot`: REPEATABLE READ, READ ONLY: every statement sees one instant.
 */
export type TransactionMode = 'write' | 'snapshot';

/**
 * As whom a transaction looks at the data. The database itself then shows, and takes, nothing else: a statement that
 * forgets its WHERE finds no more than one that has it.
 */
export interface View {
  readonly tenant: string;
  /** `named`: the scopes of the list; `regions`: these and every region; `tenant`: all scopes of the tenant. */
  readonly reach: 'named' | 'regions' | 'tenant';
  readonly scopes: readonly string[];
  /** Its own facts are seen wherever they are; `''` for none. */
  readonly device: string;
}

export interface TransactionOptions {
  /** Takes a connection of a pool of its own, so that one heavy reader cannot starve the rest. */
  readonly bulk?: boolean;
  /** Missing: the server's own work, which sees everything. */
  readonly as?: View;
}

/**
 * The one door to the data. Two adapters fill it, PGlite and PostgreSQL, and
 * everything above it is the same SQL.
 */
export interface Database extends Sql {
  /**
   * True when a commit that has returned survives a loss of power. Asked of the
   * database at start (its own settings), never assumed.
   */
  readonly durable: boolean;
  /** Runs `work` in a transaction; rolls back when it throws. */
  transaction<T>(
    mode: TransactionMode,
    work: (sql: Sql) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Tells other processes on the same database; never called inside a write transaction. A no-op where there are none. */
  notify(payload: string): Promise<void>;
  /** Hears what other processes told. @param onGap called when it hears again after a time in which something may have been told. */
  onNotified(listener: (payload: string) => void, onGap: () => void): void;
  close(): Promise<void>;
}

/** The SQLSTATE of a database error, or `undefined` when it is none. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Unique violation, serialization failure, deadlock: the same transaction may well succeed the next time. */
const RETRY_STATES: ReadonlySet<string> = new Set(['23505', '40001', '40P01']);

/** Runs a write transaction, again when it lost a race with another one. */
export async function writeWithRetry<T>(
  database: Database,
  work: (sql: Sql) => Promise<T>,
  options?: TransactionOptions,
): Promise<T> {
  const attempts = 8;
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.transaction('write', work, options);
    } catch (error) {
      if (attempt === attempts || !RETRY_STATES.has(sqlState(error) ?? '')) throw error;
    }
  }
}
