import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { isSha256, type ContentStore } from '../../blobs/content-store.ts';
import type { Database, Sql } from '../../db/database.ts';
import { migrateIn, refuseNewer } from '../../db/migrate.ts';
import { renewEpochIn } from '../../open-data.ts';
import { BACKUP_FORMAT, BackupDamaged, readBackup, type BackupLine } from './backup-lines.ts';
import { columnsOf, tablesIn, type Column } from './tables.ts';

export interface RestoreTarget {
  /** Open, and not migrated: its tables are made as the backup's were, and brought up to date afterwards. */
  readonly database: Database;
  readonly blobs: ContentStore;
}

export interface RestoreSummary {
  /** When the backup was made, ISO 8601. */
  readonly at: string;
  readonly rows: number;
  readonly blobs: number;
  readonly epoch: string;
}

export class NotEmpty extends Error {
  readonly code = 'restore.notEmpty';
  override readonly name = 'NotEmpty';
}

/** Above the limit of attachments: the backup was made by a server that took them. */
const MAX_BLOB = 4 * 1024 ** 3;

type Manifest = BackupLine & { k: 'manifest' };
type Blob = BackupLine & { k: 'blob' };

/**
 * Brings a backup back, all or nothing, and makes a new epoch, so that laptops offer what they wrote since it was made.
 * The whole file is read and checked before anything is changed.
 * @throws BackupDamaged; NewerDatabase when a newer version wrote it; NotEmpty without `replace`.
 */
export async function restoreBackup(
  target: RestoreTarget,
  file: string,
  replace: boolean,
): Promise<RestoreSummary> {
  const manifest = await checkBackup(file);
  return target.database.transaction('write', async (sql) => {
    if (!replace && (await hasData(sql))) {
      throw new NotEmpty(
        'There are data here already. Restore into an empty folder or database, or say --replace to lose what is here.',
      );
    }
    await dropEverything(sql);
    await migrateIn(sql, manifest.migrations.at(-1));
    const foreignKeys = await dropForeignKeys(sql);
    for (const table of await tablesIn(sql))
      if (table !== 'migrations') await sql.query(`DELETE FROM "${table}"`);
    const { rows, blobs } = await load(target, sql, file);
    for (const { table, name, text } of foreignKeys)
      await sql.query(`ALTER TABLE "${table}" ADD CONSTRAINT "${name}" ${text}`);
    await advanceSequences(sql);
    await migrateIn(sql);
    return { at: manifest.at, rows, blobs, epoch: await renewEpochIn(sql) };
  });
}

/** Reads the whole file: structure, checksum, and the hash of each attachment. Changes nothing. */
export async function checkBackup(file: string): Promise<Manifest> {
  let manifest: Manifest | undefined;
  const lines = readBackup(file);
  for await (const line of lines) {
    if (line.k === 'manifest') manifest = line;
    if (line.k !== 'blob') continue;
    const hash = createHash('sha256');
    for await (const chunk of contentOf(line, lines)) hash.update(chunk);
    if (!isSha256(line.sha256) || hash.digest('hex') !== line.sha256)
      throw new BackupDamaged(`An attachment in ${file} does not have its hash.`);
  }
  if (manifest === undefined) throw new BackupDamaged(`${file} is not a backup of Faultline.`);
  if (manifest.format > BACKUP_FORMAT) {
    throw new BackupDamaged(
      `${file} has a format that this version does not know. Use the version that wrote it.`,
    );
  }
  refuseNewer(manifest.migrations);
  return manifest;
}

async function hasData(sql: Sql): Promise<boolean> {
  if (!(await tablesIn(sql)).includes('tenants')) return false;
  return (await sql.query('SELECT 1 FROM tenants LIMIT 1')).length > 0;
}

async function dropEverything(sql: Sql): Promise<void> {
  for (const table of await tablesIn(sql)) await sql.query(`DROP TABLE IF EXISTS "${table}" CASCADE`);
  const functions = await sql.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = current_schema() AND p.prokind = 'f' AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
  );
  for (const { name } of functions) await sql.query(`DROP FUNCTION IF EXISTS ${name} CASCADE`);
}

/** Rows come table by table in any order: what refers to what is checked when all are there. */
async function dropForeignKeys(sql: Sql) {
  const keys = await sql.query<{ table: string; name: string; text: string }>(
    `SELECT c.relname AS "table", f.conname AS name, pg_get_constraintdef(f.oid) AS text
     FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE f.contype = 'f' AND n.nspname = current_schema()`,
  );
  for (const { table, name } of keys) await sql.query(`ALTER TABLE "${table}" DROP CONSTRAINT "${name}"`);
  return keys;
}

async function load(target: RestoreTarget, sql: Sql, file: string) {
  let rows = 0;
  let blobs = 0;
  const known = new Map<string, readonly Column[]>();
  const lines = readBackup(file);
  for await (const line of lines) {
    if (line.k === 'rows') {
      const columns = known.get(line.table) ?? (await columnsOf(sql, line.table));
      known.set(line.table, columns);
      await insert(sql, line, columns);
      rows += line.rows.length;
    }
    if (line.k === 'blob') {
      await target.blobs.put(line.tenant, line.sha256, Readable.from(contentOf(line, lines)), MAX_BLOB);
      blobs++;
    }
  }
  return { rows, blobs };
}

/** The names in the file become SQL only when the table made by our own migrations has them. */
async function insert(sql: Sql, line: BackupLine & { k: 'rows' }, columns: readonly Column[]): Promise<void> {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const values = line.columns.map((name, place) => {
    const type = types.get(name);
    if (type === undefined)
      throw new BackupDamaged(`The backup has a column ${line.table}.${name} that nobody made.`);
    return `(r.value->>${place})::${type}`;
  });
  const names = line.columns.map((name) => `"${name}"`).join(', ');
  await sql.query(
    `INSERT INTO "${line.table}" (${names}) OVERRIDING SYSTEM VALUE
     SELECT ${values.join(', ')} FROM json_array_elements($1::json) AS r`,
    [JSON.stringify(line.rows)],
  );
}

async function* contentOf(blob: Blob, lines: AsyncGenerator<BackupLine>): AsyncGenerator<Buffer> {
  let bytes = 0;
  while (bytes < blob.size) {
    const next = await lines.next();
    if (next.done === true || next.value.k !== 'bytes')
      throw new BackupDamaged('The backup lacks a part of an attachment.');
    const chunk = Buffer.from(next.value.b, 'base64');
    bytes += chunk.length;
    yield chunk;
  }
}

/** Counters that the database keeps itself go on after the highest number that came in. */
async function advanceSequences(sql: Sql): Promise<void> {
  const owned = await sql.query<{ table: string; column: string; sequence: string }>(
    `SELECT c.relname AS "table", a.attname AS "column", pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS sequence
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
       AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL`,
  );
  for (const { table, column, sequence } of owned) {
    await sql.query(
      `SELECT setval($1::regclass, (SELECT coalesce(max("${column}"), 0) + 1 FROM "${table}"), false)`,
      [sequence],
    );
  }
}
