import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openPglite } from '#server/db/open-pglite.ts';
import { prepared } from './prepared.ts';

/**
 * Puts an empty embedded database, without any tables, into a server's data folder. For tests that are not about the
 * very first start: making one takes seconds, a copy does not.
 */
export async function placeEmptyDatabase(data: string): Promise<void> {
  const empty = await prepared('empty-database', async (folder) => {
    const database = join(folder, 'database');
    await (await openPglite(database)).close();
    return database;
  });
  if (empty !== undefined) await cp(empty, join(data, 'database'), { recursive: true });
}
