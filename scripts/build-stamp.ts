import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files below the given paths (files or folders, relative to `root`), sorted; tests do not end up in a build. */
export function inputFiles(root: string, inputs: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (relative: string): void => {
    const absolute = path.join(root, relative);
    if (!existsSync(absolute)) return;
    if (statSync(absolute).isFile()) {
      if (!/\.(test\.tsx?|tsbuildinfo)$/.test(relative)) found.push(relative);
      return;
    }
    for (const name of readdirSync(absolute)) {
      if (name !== 'node_modules' && !name.startsWith('.')) walk(path.posix.join(relative, name));
    }
  };
  for (const input of inputs) walk(input);
  return found.sort();
}

/** SHA-256 over names and contents of the inputs and over `extra`, in hex. */
export function hashInputs(root: string, inputs: readonly string[], extra = ''): string {
  const hash = createHash('sha256').update(extra);
  for (const file of inputFiles(root, inputs)) {
    const content = readFileSync(path.join(root, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Whether the stamp of the last build names this hash. A stamp that cannot be read means: build. */
export function isUpToDate(stampFile: string, hash: string): boolean {
  if (!existsSync(stampFile)) return false;
  try {
    return (JSON.parse(readFileSync(stampFile, 'utf8')) as { hash?: unknown }).hash === hash;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}

export function writeStamp(stampFile: string, hash: string): void {
  writeFileSync(stampFile, `${JSON.stringify({ hash })}\n`);
}
