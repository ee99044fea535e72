import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Every file below a folder, with `/` and without the folder's own name. */
export function listBuilt(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .sort();
}

/**
 * Whether electron-builder's `files` take a path, given from the project's
 * root: some pattern names it and no later `!` pattern takes it out.
 */
export function matchesFiles(patterns: readonly string[], file: string): boolean {
  return patterns.reduce(
    (taken, pattern) =>
      pattern.startsWith('!')
        ? taken && !path.posix.matchesGlob(file, pattern.slice(1))
        : taken || path.posix.matchesGlob(file, pattern),
    false,
  );
}
