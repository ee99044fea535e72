import type { Database, Sql } from './database.ts';
import { firstTables } from './migrations/0001-first-tables.ts';
import { accounts } from './migrations/0002-accounts.ts';
import { login } from './migrations/0003-login.ts';
import { feeds } from './migrations/0004-feeds.ts';
import { uploads } from './migrations/0005-uploads.ts';
import { rowSecurity } from './migrations/0006-row-security.ts';
import { sharedRecords } from './migrations/0007-shared-records.ts';
import { blobRights } from './migrations/0008-blob-rights.ts';
import { signIn } from './migrations/0009-sign-in.ts';
import { deleted } from './migrations/0010-deleted.ts';

export interface Migration {
  readonly id: string;
  readonly sql: string;
  /** What statements alone cannot do to the rows that are there. It reads the tables as this migration leaves them. */
  readonly fill?: (sql: Sql) => Promise<void>;
}

/** In order; a migration that has run anywhere is never edited, only followed. */
export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  accounts,
  login,
  feeds,
  uploads,
  rowSecurity,
  sharedRecords,
  blobRights,
  signIn,
  deleted,
];

/** Any fixed number: only one process at a time migrates a database. */
const MIGRATION_LOCK = 4_817_202_611;

/** The database was made by a newer version of this program: going on would ruin what that version has added. */
export class NewerDatabase extends Error {
  readonly code = 'server.newerDatabase';
  override readonly name = 'NewerDatabase';
}

/**
 * Brings the tables up to date, all or nothing. The same statements on PGlite and PostgreSQL.
 * @throws NewerDatabase, and changes nothing then.
 */
export async function migrate(database: Database): Promise<void> {
  await database.transaction('write', (sql) => migrateIn(sql));
}

/**
 * The same inside a transaction of the caller.
 * @param upTo the id of the last migration to run; without it all of them.
 */
export async function migrateIn(sql: Sql, upTo?: string): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await sql.query(
    'CREATE TABLE IF NOT EXISTS migrations (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
  );
  const done = await migrationsIn(sql);
  refuseNewer(done);
  for (const { id, sql: text, fill } of MIGRATIONS) {
    if (!done.includes(id)) {
      for (const statement of statementsOf(text)) await sql.query(statement);
      await fill?.(sql);
      await sql.query('INSERT INTO migrations (id) VALUES ($1)', [id]);
    }
    if (id === upTo) break;
  }
}

/** The ids of the migrations that a database has seen, in order. The table of them has to exist. */
export async function migrationsIn(sql: Sql): Promise<string[]> {
  return (await sql.query<{ id: string }>('SELECT id FROM migrations')).map(({ id }) => id).toSorted();
}

/** @throws NewerDatabase when a migration is named that this program does not know. */
export function refuseNewer(done: readonly string[]): void {
  const known = new Set(MIGRATIONS.map(({ id }) => id));
  const unknown = done.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new NewerDatabase(
    `The data was written by a newer version of Faultline (it has ${unknown.join(', ')}; this version ends with ` +
      `${MIGRATIONS.at(-1)?.id ?? 'nothing'}). Nothing was changed. Start the newer version, or restore a backup ` +
      'that was made before the update.',
  );
}

/** A semicolon at the end of a line ends a statement, but not between two `$$` (the body of a DO block or a function). */
export function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const line of text.split('\n')) {
    statement += `${line}\n`;
    const isInBody = statement.split('$$').length % 2 === 0;
    if (isInBody || !line.trimEnd().endsWith(';')) continue;
    statements.push(statement.trim().replace(/;$/, ''));
    statement = '';
  }
  if (statement.trim() !== '') statements.push(statement.trim());
  return statements;
}
