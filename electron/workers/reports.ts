import { reportsWorkerContract } from '#shared/host/documents.ts';
import type { Transport } from '#shared/host/messages.ts';
import { serveContract, type ServeOptions } from '#shared/host/serve.ts';
import { BlobStore } from '../services/blobs/blob-store.ts';
import { createDocumentHandlers } from '../services/documents/handlers.ts';

/**
 * The process that makes papers, apart from the host: a long record holds up nobody's typing, and what a
 * strange picture may break ends one paper, not the application.
 */

export interface ReportsWorkerOptions extends Pick<ServeOptions, 'onFault'> {
  /** Folder of the blob store; pictures are read from it and papers kept in it. */
  readonly blobsDir: string;
  /** See `documentFontPaths`. */
  readonly fontsDir?: string;
}

/** Serves the papers over the transport to the host until it closes. */
export async function serveReports(
  transport: Transport,
  { blobsDir, fontsDir, ...serving }: ReportsWorkerOptions,
): Promise<void> {
  const blobs = await BlobStore.open(blobsDir);
  const documents = createDocumentHandlers({ blobs, fontsDir });
  serveContract(reportsWorkerContract, { documents }, transport, serving);
}
