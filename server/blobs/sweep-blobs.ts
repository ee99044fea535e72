import type { Database } from '../db/database.ts';
import { holdAlone, type Forgotten } from './blob-references.ts';
import type { BlobStore } from './blob-store.ts';

/** What works on attachments that no fact names. */
export interface SweepContext {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly now: () => number;
}

const UNNAMED = `NOT EXISTS (SELECT 1 FROM blob_references r WHERE r.tenant = b.tenant AND r.sha256 = b.sha256)`;
const AT_ONCE = 1_000;

/**
 * Removes attachments that no fact has named for `keptMs`, neither an accepted nor a refused one. The time runs from the first
 * sweep that finds it so; after a restore it begins anew, because laptops still bring back what the backup did not have.
 * @returns how many were removed.
 */
export async function sweepBlobs(context: SweepContext, keptMs: number): Promise<number> {
  const { database, now } = context;
  await database.query(
    `UPDATE blobs b SET unnamed_since = CASE WHEN ${UNNAMED} THEN $1::bigint END
     WHERE (unnamed_since IS NULL) = ${UNNAMED}`,
    [now()],
  );
  const before = now() - keptMs;
  const old = await database.query<{ tenant: string; sha256: string }>(
    'SELECT tenant, sha256 FROM blobs WHERE unnamed_since < $1 ORDER BY unnamed_since LIMIT $2',
    [before, AT_ONCE],
  );
  let removed = 0;
  for (const { tenant, sha256 } of old)
    if (await remove(context, tenant, sha256, 'b.unnamed_since < $3', before)) removed++;
  return removed;
}

/**
 * After a purge: removes what no fact names any more, unless somebody else has brought the same bytes, who may have a fact that
 * is not here yet; that is left to the sweep.
 */
export async function removeForgotten(
  context: SweepContext,
  tenant: string,
  forgotten: readonly Forgotten[],
): Promise<void> {
  const byNobodyElse = `NOT EXISTS (SELECT 1 FROM blob_holders h
    WHERE h.tenant = b.tenant AND h.sha256 = b.sha256 AND h.user_id <> ALL($3))`;
  for (const { sha256, people } of forgotten) await remove(context, tenant, sha256, byNobodyElse, people);
}

/** Row and bytes, as long as nobody is just naming or bringing it. */
async function remove(
  { database, blobs }: SweepContext,
  tenant: string,
  sha256: string,
  condition: string,
  parameter: unknown,
): Promise<boolean> {
  return database.transaction('write', async (sql) => {
    if (!(await holdAlone(sql, sha256))) return false;
    const gone = await sql.query(
      `DELETE FROM blobs b WHERE b.tenant = $1 AND b.sha256 = $2 AND ${UNNAMED} AND ${condition} RETURNING b.sha256`,
      [tenant, sha256, parameter],
    );
    if (gone.length === 0) return false;
    await sql.query('DELETE FROM blob_holders WHERE tenant = $1 AND sha256 = $2', [tenant, sha256]);
    await blobs.remove(tenant, sha256);
    return true;
  });
}
