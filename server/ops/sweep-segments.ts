import type { ContentStore } from '../blobs/content-store.ts';
import type { Database } from '../db/database.ts';
import { removeUnusedSegment } from '../sync/remove-segment.ts';

const EVERY_MS = 24 * 3_600_000;
/** A cut that is being made has contents before it has rows. */
const LEFTOVER_MS = 24 * 3_600_000;

/**
 * Once a day removes segments that no row knows: those of a cut that a crash broke off, and those that a purge or an old cut left
 * because the store was away. They may hold what was deleted for good.
 * @returns a function that ends it.
 */
export function sweepSegments(
  database: Database,
  segments: ContentStore,
  onFailed: (error: unknown) => void,
): () => void {
  const timer = setInterval(() => {
    removeUnknown(database, segments, Date.now() - LEFTOVER_MS).catch(onFailed);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Removes the segments without a row that were stored before `before`. @returns how many. */
export async function removeUnknown(
  database: Database,
  segments: ContentStore,
  before: number,
): Promise<number> {
  let removed = 0;
  for await (const { tenant, sha256, modifiedAt } of segments.list()) {
    if (modifiedAt >= before) continue;
    if (await removeUnusedSegment(database, segments, tenant, sha256)) removed++;
  }
  return removed;
}
