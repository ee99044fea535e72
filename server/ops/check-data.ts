import { finished } from 'node:stream/promises';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import { DamagedContent, type ContentStore } from '../blobs/content-store.ts';
import type { Database, Sql } from '../db/database.ts';
import { hashText } from '../sync/hash-text.ts';
import { severalAtOnce } from './several-at-once.ts';

export interface CheckSummary {
  readonly scopes: number;
  readonly entries: number;
  readonly blobs: number;
  /** A sentence for each thing that is not as it must be. */
  readonly troubles: readonly string[];
}

const BATCH = 5_000;
/** Attachments read at once, each in pieces. */
const BLOBS_AT_ONCE = 16;

/**
 * Looks whether the data are whole: the numbers of each scope run without a gap up to its counter, their checksum is
 * the scope's, and each attachment is there and has its hash. Changes nothing.
 */
export async function checkData(database: Database, blobs: ContentStore): Promise<CheckSummary> {
  const troubles: string[] = [];
  const { scopes, entries, names } = await database.transaction(
    'snapshot',
    async (sql) => ({
      ...(await checkScopes(sql, troubles)),
      names: await sql.query<{ tenant: string; sha256: string }>('SELECT tenant, sha256 FROM blobs'),
    }),
    { bulk: true },
  );
  const troubleOf = async ({ tenant, sha256 }: (typeof names)[number]): Promise<string | undefined> => {
    if ((await blobs.size(tenant, sha256)) === undefined)
      return `The attachment ${tenant}/${sha256} has no file.`;
    if (await isWhole(blobs, tenant, sha256)) return undefined;
    return `The attachment ${tenant}/${sha256} has changed: restore its file from a backup.`;
  };
  for await (const trouble of severalAtOnce(names, BLOBS_AT_ONCE, troubleOf))
    if (trouble !== undefined) troubles.push(trouble);
  return { scopes, entries, blobs: names.length, troubles };
}

async function checkScopes(sql: Sql, troubles: string[]): Promise<{ scopes: number; entries: number }> {
  const scopes = await sql.query<{ tenant: string; scope: string; head: number; hash: string }>(
    'SELECT tenant, scope, head, hash::text AS hash FROM scopes ORDER BY tenant, scope',
  );
  let entries = 0;
  for (const { tenant, scope, head, hash } of scopes) {
    const name = `${tenant}: ${scope}`;
    let sum = EMPTY_CHECKSUM;
    let last = 0;
    let isGapless = true;
    for (;;) {
      const rows = await sql.query<{ n: number; id: string }>(
        'SELECT n, id FROM feed WHERE tenant = $1 AND scope = $2 AND n > $3 ORDER BY n LIMIT $4',
        [tenant, scope, last, BATCH],
      );
      for (const { n, id } of rows) {
        isGapless &&= n === last + 1;
        last = n;
        sum = addToChecksum(sum, id);
      }
      entries += rows.length;
      if (rows.length < BATCH) break;
    }
    if (!isGapless || last !== head)
      troubles.push(`${name} does not have each number from 1 to ${head} once: entries are missing.`);
    else if (sum !== hashText(hash)) troubles.push(`${name} does not have the checksum of its entries.`);
  }
  return { scopes: scopes.length, entries };
}

/** Reads a content to its end, where it shows whether it still is what it was. */
export async function isWhole(blobs: ContentStore, tenant: string, sha256: string): Promise<boolean> {
  try {
    await finished(blobs.read(tenant, sha256).resume());
    return true;
  } catch (error) {
    if (error instanceof DamagedContent) return false;
    throw error;
  }
}
