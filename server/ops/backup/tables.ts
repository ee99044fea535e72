import type { Sql } from '../../db/database.ts';

/**
 * Tables that a backup leaves out, and why. Everything else is in it, also tables of migrations to come.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {
  migrations: 'stands in the manifest',
  segments: 'made from rows again when somebody asks',
  segment_cuts: 'made from rows again when somebody asks',
  uploads: 'the bytes that had come are not in a backup: laptops begin anew',
  upload_locks: 'belong to processes',
  sessions: 'every token has been replaced since: laptops sign in again',
  refresh_tokens: 'every token has been replaced since: laptops sign in again',
  logins: 'every token has been replaced since: laptops sign in again',
  login_failures: 'counts of minutes',
  oidc_flows: 'last for minutes',
  one_time_links: 'a link that was used since must not work again',
};

export interface Column {
  readonly name: string;
  /** As SQL writes it, e.g. `numeric(20,0)`. */
  readonly type: string;
}

export async function tablesIn(sql: Sql): Promise<string[]> {
  const tables = await sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name`,
  );
  return tables.map(({ name }) => name);
}

export async function tablesToBackUp(sql: Sql): Promise<string[]> {
  return (await tablesIn(sql)).filter((table) => !(table in LEFT_OUT));
}

export async function columnsOf(sql: Sql, table: string): Promise<Column[]> {
  return sql.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relname = $1 AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = ''
     ORDER BY a.attnum`,
    [table],
  );
}
