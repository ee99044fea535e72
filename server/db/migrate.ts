import type { Database } from './database.ts';
import { firstTables } from './migrations/0001-first-tables.ts';
import { accounts } from './migrations/0002-accounts.ts';

export interface Migration {
  readonly id: string;
  readonly sql: string;
}

/** In order; a migration that has run anywhere is never edited, only followed. */
const MIGRATIONS: readonly Migration[] = [firstTables, accounts];

/** Any fixed number: only one process at a time migrates a database. */
const MIGRATION_LOCK = 4_817_202_611;

/** Brings the tables up to date, all or nothing. The same statements on PGlite and PostgreSQL. */
export async function migrate(database: Database): Promise<void> {
  await database.transaction('write', async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await sql.query(
      'CREATE TABLE IF NOT EXISTS migrations (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
    );
    const done = new Set((await sql.query<{ id: string }>('SELECT id FROM migrations')).map(({ id }) => id));
    for (const { id, sql: text } of MIGRATIONS) {
      if (done.has(id)) continue;
      for (const statement of statementsOf(text)) await sql.query(statement);
      await sql.query('INSERT INTO migrations (id) VALUES ($1)', [id]);
    }
  });
}

/** Our migrations are plain tables and indexes: a semicolon at the end of a line ends a statement. */
function statementsOf(text: string): string[] {
  return text
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
