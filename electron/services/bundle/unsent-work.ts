import type { BlobStore } from '../blobs/blob-store.ts';
import type { Journal } from '../journal/journal.ts';
import type { BundleSeal } from './bundle-key.ts';
import type { Signer } from './carried-chunks.ts';
import type { CarriedStore } from './carried-store.ts';
import { writeBundle } from './write-bundle.ts';

/** Where unsent work lies, and whose it is. */
export interface UnsentWork {
  readonly tenant: string;
  readonly device: string;
  readonly actor: string;
  readonly signer: Signer;
  readonly journal: Journal;
  readonly carried: CarriedStore;
  readonly blobs: BlobStore;
}

/** How many attachments are here, whole, that the server does not hold. */
export async function countUnsentBlobs({ journal, carried, blobs }: UnsentWork): Promise<number> {
  const named = [...journal.undeliveredNames(), ...carried.undeliveredNames()];
  let count = 0;
  for (const sha256 of new Set(named.map((blob) => blob.sha256))) if (await blobs.verify(sha256)) count++;
  return count;
}

/**
 * Writes everything unsent to one encrypted file: facts without a final word, refused ones among them, what is carried for others, and
 * the attachments that the server does not hold.
 * @throws HostError `bundle.failed`, `bundle.tooLarge`.
 */
export function bundleUnsent(
  path: string,
  seal: BundleSeal,
  { journal, carried, blobs, ...about }: UnsentWork,
  nowMs: number,
): Promise<{ events: number; blobs: number; bytes: number }> {
  const named = [...journal.undeliveredNames(), ...carried.undeliveredNames()];
  return writeBundle(
    path,
    seal,
    {
      ...about,
      createdAt: new Date(nowMs).toISOString(),
      events: journal.outbox().map(({ event }) => event),
      carried: carried.requests(),
      blobs: named.map(({ sha256 }) => sha256),
    },
    blobs,
  );
}
