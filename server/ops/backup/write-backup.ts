import { DamagedContent, type ContentStore } from '../../blobs/content-store.ts';
import type { Database, Sql } from '../../db/database.ts';
import { migrationsIn } from '../../db/migrate.ts';
import { readEpoch } from '../../open-data.ts';
import { isWhole } from '../check-data.ts';
import { severalAtOnce } from '../several-at-once.ts';
import { BACKUP_FORMAT, BackupWriter } from './backup-lines.ts';
import { columnsOf, tablesToBackUp } from './tables.ts';

export interface BackupSource {
  readonly database: Database;
  readonly blobs: ContentStore;
  readonly now: () => number;
}

export interface BackupSummary {
  readonly file: string;
  readonly bytes: number;
  readonly tables: number;
  readonly rows: number;
  readonly blobs: number;
  /** Attachments that the database counts and whose file is gone: named, so that somebody looks for them. */
  readonly missingBlobs: readonly string[];
  /** The same for those that are not any more what they were: they are not in the backup, which could not be restored with them. */
  readonly damagedBlobs: readonly string[];
}

/** Rows fetched at once, and the most text in one line of the file. */
const FETCH = 200;
const LINE_CHARS = 1024 * 1024;
const BLOB_CHUNK = 512 * 1024;
/** Attachments that fit one line are read whole, so many at once: together as much as eight lines of rows. */
const BLOBS_AT_ONCE = 16;

/**
 * Writes a backup while everything goes on: all tables as one snapshot sees them, then the attachments that this snapshot
 * counts. Attachments never change under their name, so that they need no snapshot.
 * @throws RangeError when the file exists; nothing is left behind when it fails.
 */
export async function writeBackup(source: BackupSource, file: string): Promise<BackupSummary> {
  const writer = await BackupWriter.create(file);
  try {
    const { blobs, ...counted } = await source.database.transaction(
      'snapshot',
      (sql) => writeTables(sql, writer, source.now()),
      { bulk: true },
    );
    const missingBlobs: string[] = [];
    const damagedBlobs: string[] = [];
    const found = severalAtOnce(blobs, BLOBS_AT_ONCE, (name) => find(source.blobs, name));
    for await (const blob of found) {
      const { tenant, sha256 } = blob;
      if (blob.is === 'missing') missingBlobs.push(`${tenant}/${sha256}`);
      else if (blob.is === 'damaged') damagedBlobs.push(`${tenant}/${sha256}`);
      else {
        await writer.write({ k: 'blob', tenant, sha256, size: blob.size });
        if (blob.is === 'small') await writer.write({ k: 'bytes', b: blob.content });
        else await writeBytes(source.blobs, writer, blob);
      }
    }
    const bytes = await writer.finish();
    const written = blobs.length - missingBlobs.length - damagedBlobs.length;
    return { file, bytes, ...counted, blobs: written, missingBlobs, damagedBlobs };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function writeTables(sql: Sql, writer: BackupWriter, nowMs: number) {
  const tables = await tablesToBackUp(sql);
  await writer.write({
    k: 'manifest',
    product: 'faultline',
    format: BACKUP_FORMAT,
    at: new Date(nowMs).toISOString(),
    epoch: await readEpoch(sql),
    migrations: await migrationsIn(sql),
  });
  let rows = 0;
  for (const table of tables) rows += await writeTable(sql, writer, table);
  const blobs = await sql.query<{ tenant: string; sha256: string }>(
    'SELECT tenant, sha256 FROM blobs ORDER BY tenant, sha256',
  );
  return { tables: tables.length, rows, blobs };
}

async function writeTable(sql: Sql, writer: BackupWriter, table: string): Promise<number> {
  const columns = (await columnsOf(sql, table)).map(({ name }) => name);
  const values = columns.map((name) => `"${name}"::text`).join(', ');
  await sql.query(
    `DECLARE backup_rows NO SCROLL CURSOR FOR SELECT json_build_array(${values})::text AS line FROM "${table}"`,
  );
  let count = 0;
  for (;;) {
    const fetched = await sql.query<{ line: string }>(`FETCH ${FETCH} FROM backup_rows`);
    if (fetched.length === 0) break;
    count += fetched.length;
    let rows: (string | null)[][] = [];
    let chars = 0;
    for (const { line } of fetched) {
      if (chars + line.length > LINE_CHARS && rows.length > 0) {
        await writer.write({ k: 'rows', table, columns, rows });
        rows = [];
        chars = 0;
      }
      rows.push(JSON.parse(line) as (string | null)[]);
      chars += line.length;
    }
    await writer.write({ k: 'rows', table, columns, rows });
  }
  await sql.query('CLOSE backup_rows');
  return count;
}

interface Name {
  readonly tenant: string;
  readonly sha256: string;
}

/** An attachment that can be written: a small one with its bytes in base64. */
type Found = Name &
  (
    | { readonly is: 'missing' }
    | { readonly is: 'damaged' }
    | { readonly is: 'small'; readonly size: number; readonly content: string }
    | { readonly is: 'large'; readonly size: number }
  );

/** Looks for an attachment and reads it to its end before anything is written: there is no taking back what stands in the file. */
async function find(blobs: ContentStore, { tenant, sha256 }: Name): Promise<Found> {
  const size = await blobs.size(tenant, sha256);
  if (size === undefined) return { tenant, sha256, is: 'missing' };
  if (size > 0 && size <= BLOB_CHUNK) {
    try {
      const chunks = (await blobs.read(tenant, sha256).toArray()) as Buffer[];
      return { tenant, sha256, is: 'small', size, content: Buffer.concat(chunks).toString('base64') };
    } catch (error) {
      if (error instanceof DamagedContent) return { tenant, sha256, is: 'damaged' };
      throw error;
    }
  }
  const isGood = await isWhole(blobs, tenant, sha256);
  return isGood ? { tenant, sha256, is: 'large', size } : { tenant, sha256, is: 'damaged' };
}

async function writeBytes(
  blobs: ContentStore,
  writer: BackupWriter,
  { tenant, sha256 }: Name,
): Promise<void> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of blobs.read(tenant, sha256) as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < BLOB_CHUNK) continue;
    await writer.write({ k: 'bytes', b: Buffer.concat(held).toString('base64') });
    held = [];
    bytes = 0;
  }
  if (bytes > 0) await writer.write({ k: 'bytes', b: Buffer.concat(held).toString('base64') });
}
