import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DamagedContent, type ContentStore } from '../blobs/content-store.ts';
import type { Database, Sql } from '../db/database.ts';

export interface ExportSource {
  readonly database: Database;
  readonly blobs: ContentStore;
  readonly now: () => number;
}

export interface ExportSummary {
  readonly folder: string;
  /** Lines of each file, by its path in the folder. */
  readonly files: Readonly<Record<string, { readonly lines: number; readonly sha256: string }>>;
  readonly attachments: number;
  /** Attachments that are missing or have changed, as `tenant/sha256`: they are not in the export. */
  readonly lostAttachments: readonly string[];
}

const FETCH = 500;

const READ_ME = `Everything Faultline's server knew when this was written, readable without Faultline.

Each folder is one tenant (organisation). The .ndjson files hold one JSON object a line.

  events.ndjson    every fact in the order in which the server took it: scope, number, time of arrival, the fact
  refused.ndjson   facts that the server did not take, with the reason
  records.ndjson   tickets, assets, parts ... as they stand: the facts folded, by key and scope
  people.ndjson    users and devices, without passwords and keys
  audit.ndjson     who changed accounts and devices
  attachments/     photos, recordings, papers, named by the SHA-256 of their content; facts refer to them by it

MANIFEST.json names each file with its number of lines and its SHA-256. It is written last: without it the export is not whole.
The times are UTC (ISO 8601); "hlc" in a fact is the hybrid logical clock that orders facts of different laptops.
`;

/** What goes into which file: one JSON text a row, without secrets. */
const FILES: Readonly<Record<string, string>> = {
  'events.ndjson': `SELECT '{"scope":' || to_json(scope)::text || ',"n":' || n || ',"receivedAt":' || to_json(received_at)::text
      || ',"exception":' || coalesce(to_json(exception_code)::text, 'null')
      || ',"event":' || CASE WHEN body = '' THEN 'null' ELSE body END || '}' AS line
    FROM events WHERE tenant = $1 ORDER BY scope, n`,
  'refused.ndjson': `SELECT '{"device":' || to_json(device)::text || ',"user":' || to_json(user_id)::text || ',"code":'
      || to_json(code)::text || ',"detail":' || coalesce(to_json(detail)::text, 'null') || ',"event":'
      || to_json(body)::text || '}' AS line
    FROM refusals WHERE tenant = $1 ORDER BY received_at, id`,
  'records.ndjson': `SELECT '{"key":' || to_json(key)::text || ',"scope":' || to_json(scope)::text || ',"state":' || state || '}' AS line
    FROM rows WHERE tenant = $1 ORDER BY key, scope`,
  'people.ndjson': `SELECT json_build_object('user', id, 'name', name, 'roles', string_to_array(roles, ' '),
      'homeRegion', home_region, 'disabled', disabled)::text AS line FROM users WHERE tenant = $1
    UNION ALL
    SELECT json_build_object('device', id, 'user', user_id, 'code', code, 'name', name, 'platform', platform,
      'registeredAt', registered_at)::text FROM devices WHERE tenant = $1`,
  'audit.ndjson': `SELECT json_build_object('at', at, 'actor', actor, 'act', act, 'subject', subject, 'detail', detail)::text AS line
    FROM audit_log WHERE tenant = $1 ORDER BY n`,
};

/**
 * Writes everything in open formats into an empty folder, from one snapshot.
 * @throws RangeError when the folder has something in it.
 */
export async function exportData(source: ExportSource, folder: string): Promise<ExportSummary> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) throw new RangeError(`${folder} is not empty. Name a new folder.`);
  await writeFile(join(folder, 'README.txt'), READ_ME);
  const files: Record<string, { lines: number; sha256: string }> = {};
  const blobs = await source.database.transaction(
    'snapshot',
    async (sql) => {
      const tenants = await sql.query<{ tenant: string }>('SELECT tenant FROM tenants ORDER BY tenant');
      for (const { tenant } of tenants) {
        await mkdir(join(folder, tenant), { mode: 0o700 });
        for (const [name, query] of Object.entries(FILES))
          files[`${tenant}/${name}`] = await writeLines(
            join(folder, tenant, name),
            readLines(sql, query, tenant),
          );
      }
      return sql.query<{ tenant: string; sha256: string }>('SELECT tenant, sha256 FROM blobs');
    },
    { bulk: true },
  );
  let attachments = 0;
  const lostAttachments: string[] = [];
  for (const { tenant, sha256 } of blobs) {
    const path = join(folder, tenant, 'attachments', sha256.slice(0, 2), sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (await copyWhole(source.blobs, tenant, sha256, path)) attachments++;
    else lostAttachments.push(`${tenant}/${sha256}`);
  }
  const at = new Date(source.now()).toISOString();
  await writeFile(
    join(folder, 'MANIFEST.json'),
    `${JSON.stringify({ at, files, attachments, lostAttachments }, null, 2)}\n`,
  );
  return { folder, files, attachments, lostAttachments };
}

/** @returns false when it is not there, or not what it was; there is no file then. */
async function copyWhole(
  blobs: ContentStore,
  tenant: string,
  sha256: string,
  path: string,
): Promise<boolean> {
  if ((await blobs.size(tenant, sha256)) === undefined) return false;
  try {
    await pipeline(blobs.read(tenant, sha256), createWriteStream(path, { mode: 0o600 }));
    return true;
  } catch (error) {
    if (!(error instanceof DamagedContent)) throw error;
    await rm(path, { force: true });
    return false;
  }
}

async function* readLines(sql: Sql, query: string, tenant: string): AsyncGenerator<string> {
  await sql.query(`DECLARE exported NO SCROLL CURSOR FOR ${query}`, [tenant]);
  for (;;) {
    const rows = await sql.query<{ line: string }>(`FETCH ${FETCH} FROM exported`);
    if (rows.length === 0) break;
    for (const { line } of rows) yield `${line}\n`;
  }
  await sql.query('CLOSE exported');
}

async function writeLines(
  path: string,
  lines: AsyncIterable<string>,
): Promise<{ lines: number; sha256: string }> {
  const hash = createHash('sha256');
  let count = 0;
  const measured = async function* (): AsyncGenerator<string> {
    for await (const line of lines) {
      hash.update(line);
      count++;
      yield line;
    }
  };
  await pipeline(Readable.from(measured()), createWriteStream(path, { mode: 0o600, flush: true }));
  return { lines: count, sha256: hash.digest('hex') };
}
