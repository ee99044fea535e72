import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './repository.ts';

/** Newest change (ms since 1970) of any file below the folders; tests do not count. */
function newestChange(folders: readonly string[]): number {
  let newest = 0;
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || /\.test\.tsx?$/.test(entry.name)) continue;
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newest;
}

/** Whether `target` is missing or older than something it was built from. Paths from the repository's root. */
export function isStale(target: string, sources: readonly string[], root: string = repositoryRoot): boolean {
  const built = join(root, target);
  if (!existsSync(built)) return true;
  const made = statSync(built).mtimeMs;
  const lock = join(root, 'package-lock.json');
  const lockChange = existsSync(lock) ? statSync(lock).mtimeMs : 0;
  return Math.max(lockChange, newestChange(sources.map((source) => join(root, source)))) > made;
}
