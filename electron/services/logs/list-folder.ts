import { lstat, opendir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LogError, toLogError } from './log-error.ts';

/** Entries a dialog can still show and a person can still look through. */
export const FOLDER_ENTRIES = 5000;

export interface FolderEntry {
  readonly name: string;
  /** What a link points at; `other` is a device, a pipe, a socket or a broken link. */
  readonly kind: 'folder' | 'file' | 'other';
  /** Bytes; 0 for everything but files. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
}

export interface FolderListing {
  /** Absolute. */
  readonly path: string;
  /** `null` at the root. */
  readonly parent: string | null;
  /** Folders first, then by name. */
  readonly entries: FolderEntry[];
  /** The folder holds more than the 5,000 entries listed; which ones is the file system's choice. */
  readonly more: boolean;
}

/** Lists a folder for choosing a file; without a path, the home folder of the user. Throws `LogError`. */
export async function listFolder(path?: string): Promise<FolderListing> {
  const absolute = path === undefined ? homedir() : resolve(path);
  try {
    const names: string[] = [];
    let more = false;
    for await (const entry of await opendir(absolute)) {
      if (names.length === FOLDER_ENTRIES) {
        more = true;
        break;
      }
      names.push(entry.name);
    }
    const entries = await Promise.all(names.map((name) => describe(absolute, name)));
    const parent = dirname(absolute);
    return {
      path: absolute,
      parent: parent === absolute ? null : parent,
      entries: entries.filter((entry) => entry !== undefined).sort(foldersFirst),
      more,
    };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw new LogError('log.notADirectory', `${absolute} is not a folder.`, { path: absolute });
    }
    throw toLogError(thrown, absolute);
  }
}

/** `undefined` for an entry that went away meanwhile. */
async function describe(folder: string, name: string): Promise<FolderEntry | undefined> {
  const path = join(folder, name);
  try {
    const stats = await stat(path);
    const kind = stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other';
    return { name, kind, size: kind === 'file' ? stats.size : 0, mtimeMs: stats.mtimeMs };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const link = await lstat(path).catch(() => undefined);
    return link === undefined ? undefined : { name, kind: 'other', size: 0, mtimeMs: link.mtimeMs };
  }
}

function foldersFirst(a: FolderEntry, b: FolderEntry): number {
  if (a.kind === 'folder' || b.kind === 'folder') {
    if (a.kind !== b.kind) return a.kind === 'folder' ? -1 : 1;
  }
  return a.name.localeCompare(b.name, undefined, { numeric: true });
}
