import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { checked, nameAt, pathOf, type ContentStore, type StoredContent } from './content-store.ts';
import { writeDraft } from './write-draft.ts';

export { isSha256 } from './content-store.ts';

/** Where contents are written that have no name yet. */
const DRAFTS = 'incoming';

/** Contents as files of one folder, a folder for each tenant. Several servers may share it (NFS, CephFS). */
export class ContentFiles implements ContentStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(tenant: string, sha256: string, content: Readable, maxBytes: number): Promise<number> {
    const path = this.#path(tenant, sha256);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = await writeDraft(join(this.#root, DRAFTS), sha256, content, maxBytes);
    try {
      await rename(draft.path, path);
    } catch (error) {
      await rm(draft.path, { force: true });
      throw error;
    }
    await syncFolders(dirname(path), this.#root);
    return draft.size;
  }

  async size(tenant: string, sha256: string): Promise<number | undefined> {
    try {
      return (await stat(this.#path(tenant, sha256))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async sync(tenant: string, sha256: string): Promise<void> {
    const path = this.#path(tenant, sha256);
    const handle = await open(path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolders(dirname(path), this.#root);
  }

  read(tenant: string, sha256: string): Readable {
    return checked(createReadStream(this.#path(tenant, sha256)), sha256);
  }

  async remove(tenant: string, sha256: string): Promise<void> {
    await rm(this.#path(tenant, sha256), { force: true });
  }

  async *list(): AsyncGenerator<StoredContent> {
    for await (const { path, size, modifiedAt } of filesBelow(this.#root)) {
      const name = nameAt(path);
      if (name !== undefined) yield { ...name, size, modifiedAt };
    }
  }

  /** Removes what processes that died were writing. @param beforeMs nothing was added since (milliseconds since 1970). */
  async dropDrafts(beforeMs: number): Promise<void> {
    const folder = join(this.#root, DRAFTS);
    for await (const { path, modifiedAt } of filesBelow(folder))
      if (modifiedAt < beforeMs) await rm(join(folder, ...path), { force: true });
  }

  #path(tenant: string, sha256: string): string {
    return join(this.#root, ...pathOf(tenant, sha256));
  }
}

/** All files of a folder, by the parts of their path below it; none when there is no such folder. */
export async function* filesBelow(
  root: string,
): AsyncGenerator<{ path: readonly string[]; size: number; modifiedAt: number }> {
  let folder;
  try {
    folder = await opendir(root, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for await (const entry of folder) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      const { size, mtimeMs } = await stat(path);
      yield { path: relative(root, path).split(sep), size, modifiedAt: mtimeMs };
    } catch (error) {
      // Removed since the folder was read.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** A name survives a crash only when its folder was synced, and so on upwards. */
async function syncFolders(from: string, to: string): Promise<void> {
  // Windows cannot open a folder to sync it; NTFS journals the names itself.
  if (process.platform === 'win32') return;
  for (let folder = from; folder.length >= to.length; folder = dirname(folder)) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
