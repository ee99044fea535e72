import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Names the folder of this run of the tests; without it nothing is kept. */
export const PREPARED = 'FAULTLINE_TEST_PREPARED';

/**
 * What takes seconds to make and a moment to copy, made once in a run of the tests by whoever needs it first.
 * @param make makes it in a new folder and returns where it lies; it is moved from there.
 * @returns where it lies: to be copied, never changed. `undefined` outside a run of the tests, where nobody would remove it.
 */
export async function prepared(
  name: string,
  make: (folder: string) => Promise<string>,
): Promise<string | undefined> {
  const root = process.env[PREPARED];
  if (root === undefined) return undefined;
  const kept = join(root, name);
  if (existsSync(kept)) return kept;
  const folder = await mkdtemp(join(root, `${name}-`));
  try {
    await rename(await make(folder), kept);
  } catch (thrown) {
    // Another worker has made it meanwhile, and one is as good as the other.
    if (!existsSync(kept)) throw thrown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return kept;
}
