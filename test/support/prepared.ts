import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Names the folder of this run of the tests; without it nothing is kept. */
export const PREPARED = 'FAULTLINE_TEST_PREPARED';

/**
 * What takes seconds to make and a moment to copy, made once in a run of the tests by whoever needs it first.
 * @param make makes it, in the folder that is given or elsewhere, and returns where it lies; it is moved from there.
 * @returns where it lies: to be copied, never changed. `undefined` outside a run of the tests, where nobody would remove it.
 */
export async function prepared(
  name: string,
  make: (folder: string) => Promise<string>,
): Promise<string | undefined> {
  const root = process.env[PREPARED];
  if (root === undefined) return undefined;
  const kept = join(root, name);
  const making = `${kept}.making`;
  while (!existsSync(kept)) {
    if (!(await isFirst(making))) {
      // Another worker makes it: two at once would take twice as long.
      await pause(50);
      continue;
    }
    const folder = await mkdtemp(`${kept}-`);
    try {
      if (!existsSync(kept)) await rename(await make(folder), kept);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(making, { recursive: true });
    }
  }
  return kept;
}

/** Whether the folder was not there. */
async function isFirst(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}
