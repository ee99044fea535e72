import type { CarriedRequest } from '#shared/sync/protocol.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { otherTenant } from './bundle-error.ts';
import type { CarriedStore } from './carried-store.ts';
import { openBundle } from './read-bundle.ts';

export interface TakeInOptions {
  readonly path: string;
  readonly passphrase: string;
  readonly tenant: string;
  readonly blobs: BlobStore;
  readonly carried: CarriedStore;
  /** Whether a fact stands in the journal of this laptop: it goes to the server from there. */
  readonly knows: (eventId: string) => boolean;
}

/** What was in the file; `known` of its facts were here before. */
export interface TakenIn {
  readonly device: string;
  readonly events: number;
  readonly known: number;
  readonly blobs: number;
}

/**
 * Takes in a bundle. Nothing of it is kept before all of it was checked; a crash in the middle leaves some of it, and doing
 * it again completes it. Attachments come first: a fact never names one that is not here.
 * @throws HostError `bundle.wrongPassphrase`, `bundle.damaged`, `bundle.otherTenant`, `bundle.tooLarge`, `blobs.diskFull`, `host.diskFull`.
 */
export async function takeInBundle(options: TakeInOptions): Promise<TakenIn> {
  const { blobs, carried, knows } = options;
  const bundle = await openBundle(options.path, options.passphrase);
  if (bundle.manifest.tenant !== options.tenant) throw otherTenant();
  const fresh: CarriedRequest[] = [];
  let events = 0;
  let known = 0;
  for await (const chunk of bundle.chunks()) {
    const isKnown = chunk.events.map(({ id }) => knows(id));
    events += chunk.events.length;
    known += chunk.events.filter(({ id }, index) => isKnown[index] === true || carried.knows(id)).length;
    // Only a whole portion has its signature.
    if (isKnown.includes(false)) fresh.push(chunk);
  }
  const brought = new Set<string>();
  for await (const { sha256, bytes } of bundle.blobs()) {
    await blobs.putStream(bytes, sha256);
    brought.add(sha256);
  }
  await carried.add(fresh, brought);
  return { device: bundle.manifest.device, events, known, blobs: brought.size };
}
