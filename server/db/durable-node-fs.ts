import { closeSync, fsyncSync, openSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type InitResult = Awaited<ReturnType<NodeFS['init']>>;
type InitOptions = Parameters<NodeFS['init']>[1];

/** What we use of Emscripten's file system over Node's. */
interface EmscriptenModule {
  readonly NODEFS: {
    stream_ops: { fsync?: (stream: OpenStream) => number };
    realPath(node: unknown): string;
  };
}
interface OpenStream {
  readonly node: unknown;
  /** Node's file descriptor; absent for a folder. */
  readonly nfd?: number;
}

/**
 * PGlite's files on disk with an fsync that reaches the disk. Emscripten's
 * NODEFS has no fsync, so PGlite starts PostgreSQL with `-F`: an acknowledged
 * commit then lives in the page cache only. With this class and `fsync=on`
 * PostgreSQL itself syncs the log at each commit and the data files at each
 * checkpoint, in its own proven order.
 */
export class DurableNodeFs extends NodeFS {
  /** How often the disk was reached. A server that sees it stand still across a commit is not durable. */
  syncs = 0;

  override async init(pg: PGlite, options: InitOptions): Promise<InitResult> {
    const result = await super.init(pg, options);
    const install = (module: unknown): void => {
      const { NODEFS } = module as EmscriptenModule;
      NODEFS.stream_ops.fsync = (stream) => {
        this.syncs++;
        if (stream.nfd !== undefined) fsyncSync(stream.nfd);
        else syncFolder(NODEFS.realPath(stream.node));
        return 0;
      };
    };
    result.emscriptenOpts.preRun = [...(result.emscriptenOpts.preRun ?? []), install];
    return result;
  }
}

function syncFolder(path: string): void {
  // Windows cannot open a folder to sync it; NTFS journals the names itself.
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Syncs every file and folder below `root`: for a database directory that was made by a program that does not sync. */
export async function syncTree(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  syncFolder(root);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
