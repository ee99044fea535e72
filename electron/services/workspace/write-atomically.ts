import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HostError } from '#shared/host/errors.ts';

/**
 * Replaces a small file as a whole: a crash leaves the old content or the new one. Only the owner may read it.
 * @throws HostError `host.diskFull`; then the old content stands.
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const temp = `${path}.${process.pid}.new`;
  try {
    const file = await open(temp, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temp, path);
  } catch (thrown) {
    await rm(temp, { force: true });
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw thrown;
    throw new HostError(
      'host.diskFull',
      'The disk is full, so this was not saved. Free some space and try again; what was saved before is safe.',
    );
  }
  await syncFolder(dirname(path));
}

/** Makes new, renamed and removed entries of a folder last. Windows can neither open a folder nor needs to. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
