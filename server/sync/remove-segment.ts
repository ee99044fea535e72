import type { ContentStore } from '../blobs/content-store.ts';
import type { Database, Sql } from '../db/database.ts';

/** Any number; the second one is made of the tenant's name. */
const LOCK = 730_118;

/** Until the transaction ends no segment of the tenant is removed, and no other cut of it written down. */
export async function holdSegments(sql: Sql, tenant: string): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK, tenant]);
}

/**
 * Removes the bytes of a segment that no cut knows. A cut that is just being made may have the same one: it is written down behind
 * the same lock, and looks afterwards whether its segments are still there.
 * @returns whether no cut knew it.
 */
export async function removeUnusedSegment(
  database: Database,
  files: ContentStore,
  tenant: string,
  sha256: string,
): Promise<boolean> {
  return database.transaction('write', async (sql) => {
    await holdSegments(sql, tenant);
    const used = await sql.query('SELECT 1 FROM segments WHERE tenant = $1 AND sha256 = $2 LIMIT 1', [
      tenant,
      sha256,
    ]);
    if (used.length > 0) return false;
    await files.remove(tenant, sha256);
    return true;
  });
}
