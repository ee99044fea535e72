import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  BLOB_PIECE_BYTES,
  type BundleManifest,
  MAX_BUNDLE_BLOBS,
  MAX_BUNDLE_EVENTS,
} from '#shared/bundle/format.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import type { CarriedRequest } from '#shared/sync/protocol.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { bundleFailed, tooLargeBundle } from './bundle-error.ts';
import type { BundleSeal } from './bundle-key.ts';
import { syncFolder } from '../workspace/write-atomically.ts';
import { carriedChunks, type Signer } from './carried-chunks.ts';
import { FrameWriter } from './frame-writer.ts';

export interface BundleContent {
  readonly tenant: string;
  readonly device: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly signer: Signer;
  /** Facts of this laptop, in the order in which they were written. */
  readonly events: readonly DomainEvent[];
  /** Facts that it carries for others, as they came. */
  readonly carried: readonly CarriedRequest[];
  /** Hashes of the attachments to take along; what is not here is left out. */
  readonly blobs: readonly string[];
}

/**
 * Writes a bundle: to a file beside it first, so that a crash leaves nothing half written under the name. It lasts, also when
 * the power goes, before this resolves.
 * @returns what is in it.
 * @throws HostError `bundle.failed`, `bundle.tooLarge`.
 */
export async function writeBundle(
  path: string,
  seal: BundleSeal,
  content: BundleContent,
  blobs: BlobStore,
): Promise<{ events: number; blobs: number; bytes: number }> {
  const chunks = [...carriedChunks(content.device, content.events, content.signer), ...content.carried];
  const events = chunks.reduce((sum, chunk) => sum + chunk.events.length, 0);
  const present: { sha256: string; size: number }[] = [];
  for (const sha256 of new Set(content.blobs)) {
    const size = await blobs.size(sha256);
    // A damaged copy would spoil the whole file for whoever takes it in.
    if (size !== undefined && (await blobs.verify(sha256))) present.push({ sha256, size });
  }
  if (events > MAX_BUNDLE_EVENTS || present.length > MAX_BUNDLE_BLOBS) throw tooLargeBundle();
  const { tenant, device, actor, createdAt, signer } = content;
  const manifest: BundleManifest = {
    tenant,
    device,
    actor,
    createdAt,
    publicKey: signer.publicKey,
    events,
    blobs: present.length,
    heads: headsOf(chunks),
  };
  const temp = `${path}.part`;
  try {
    const made = await mkdir(dirname(path), { recursive: true });
    const file = await open(temp, 'w', 0o600);
    let bytes: number;
    try {
      const writer = await FrameWriter.begin(file, seal);
      await writer.write('manifest', manifest);
      for (const chunk of chunks) await writer.write('facts', chunk);
      for (const blob of present) {
        await writer.write('blob', blob);
        for (let offset = 0; offset < blob.size; offset += BLOB_PIECE_BYTES)
          await writer.write('bytes', await blobs.read(blob.sha256, { offset, length: BLOB_PIECE_BYTES }));
      }
      await writer.write('end', { events, blobs: present.length });
      await file.sync();
      bytes = writer.bytes;
    } finally {
      await file.close();
    }
    await rename(temp, path);
    // A wipe destroys the rest on the strength of this file: its name has to last, not only what is in it.
    await makeLast(path, made);
    return { events, blobs: present.length, bytes };
  } catch (thrown) {
    await rm(temp, { force: true }).catch(() => undefined);
    const { code } = thrown as { code?: unknown };
    // What the disk says: full, no such folder, not allowed.
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) throw bundleFailed(code);
    throw thrown;
  }
}

/** @param made the first of the folders on the way that had to be made. */
async function makeLast(path: string, made: string | undefined): Promise<void> {
  try {
    let folder = dirname(path);
    await syncFolder(folder);
    for (; made !== undefined && folder.length >= made.length; folder = dirname(folder))
      await syncFolder(dirname(folder));
  } catch (thrown) {
    // Some drives of the network have no such thing as flushing a folder: there is no more that could be done.
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw thrown;
  }
}

/** The end of each device's chain in each stream. */
export function headsOf(chunks: readonly CarriedRequest[]): Record<string, string> {
  const heads: Record<string, string> = {};
  for (const { events } of chunks)
    for (const event of events) heads[`${event.device} ${event.stream}`] = hashEvent(event);
  return heads;
}
