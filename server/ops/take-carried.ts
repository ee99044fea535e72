import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobRights } from '../blobs/blob-rights.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { CarriedRequestSchema } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import { takeCarried } from '../sync/carried.ts';
import { readOffer, type Offer } from '../sync/offer.ts';
import type { PushContext } from '../sync/push.ts';

/** What came of it. */
export interface CarriedSummary {
  readonly accepted: number;
  /** The office finds them with their reasons under what waits for a decision. */
  readonly refused: number;
  readonly attachments: number;
  /** Facts of devices whose signature this server cannot check: they were left out. */
  readonly unknownDevice: number;
}

/**
 * Takes in an unpacked bundle: attachments as files named by their hash in `<folder>/blobs`, signed portions as `*.json` in
 * `<folder>/facts`, in the order of their names. Doing it again changes nothing.
 */
export async function takeCarriedFolder(
  context: PushContext & { readonly blobs: BlobStore },
  carrier: Session,
  folder: string,
): Promise<CarriedSummary> {
  const { tenant, id } = carrier.account;
  const rights = new BlobRights(context.database, context.now);
  const summary = { accepted: 0, refused: 0, attachments: 0, unknownDevice: 0 };
  for (const sha256 of (await readdir(join(folder, 'blobs'))).sort()) {
    await context.blobs.put(tenant, sha256, createReadStream(join(folder, 'blobs', sha256)));
    await rights.noteBrought(context.blobs, tenant, id, sha256);
    summary.attachments++;
  }
  for (const name of (await readdir(join(folder, 'facts'))).sort()) {
    const text = await readFile(join(folder, 'facts', name), 'utf8');
    const request = CarriedRequestSchema.parse(JSON.parse(text));
    const offers = request.events.map(readOffer).filter((offer): offer is Offer => offer !== undefined);
    try {
      const { verdicts } = await takeCarried(context, carrier, { ...request, offers });
      const refused = verdicts.filter(({ verdict }) => verdict === 'refused').length;
      summary.refused += refused;
      summary.accepted += verdicts.length - refused;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'sync.badSignature') throw error;
      summary.unknownDevice += request.events.length;
    }
  }
  return summary;
}
