import { BlobStore, MAX_BLOB_BYTES } from '../blobs/blob-store.ts';
import { DataFolderLocked } from '../db/data-lock.ts';
import { openData, readEpoch, requireData, type DataOptions } from '../open-data.ts';
import { Bootstrap, BOOTSTRAP } from '../sync/bootstrap.ts';
import { productDomain } from '../sync/domain.ts';
import { Pokes } from '../sync/pokes.ts';
import { askRunningServer } from './control.ts';
import { runOperation } from './operations.ts';

const MAKES_DATA: ReadonlySet<string> = new Set(['user add', 'user save']);

/**
 * Does an operation on data that may be in use: PostgreSQL is opened beside the servers on it, an embedded database by
 * itself when no server runs, else the server that has it is asked.
 * @throws RangeError when there are no data; nothing is made then.
 */
export async function operate(options: DataOptions, name: string, parameters: unknown): Promise<unknown> {
  // The first account may come before the first start.
  if (!MAKES_DATA.has(name)) await requireData(options);
  let data;
  try {
    data = await openData(options);
  } catch (error) {
    if (!(error instanceof DataFolderLocked) || options.data === undefined) throw error;
    return askOwner(options.data, error, name, parameters);
  }
  const { database, storage } = data;
  const pokes = new Pokes(database, () => undefined);
  try {
    const context = {
      database,
      domain: productDomain,
      blobs: new BlobStore(database, storage.attachments, MAX_BLOB_BYTES),
      bootstrap: new Bootstrap(database, storage.segments, BOOTSTRAP, Date.now),
      pokes,
      epoch: await readEpoch(database),
      tokenTtlMs: 0,
      now: Date.now,
    };
    return await runOperation({ context, storage }, name, parameters);
  } finally {
    pokes.stop();
    await data.close();
  }
}

async function askOwner(
  folder: string,
  locked: DataFolderLocked,
  name: string,
  parameters: unknown,
): Promise<unknown> {
  try {
    return await askRunningServer(folder, name, parameters);
  } catch (error) {
    // No file: what holds the folder is another command, or a server that is just starting.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw locked;
    throw error;
  }
}
