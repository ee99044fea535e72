import { createHash, type Hash } from 'node:crypto';
import type { z } from 'zod';
import {
  type BundleBlob,
  BundleBlobSchema,
  BundleEndSchema,
  type BundleManifest,
  BundleManifestSchema,
} from '#shared/bundle/format.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { type CarriedRequest, CarriedRequestSchema } from '#shared/sync/protocol.ts';
import { damagedBundle, tooLargeBundle } from './bundle-error.ts';
import { isSignedBy } from './carried-chunks.ts';
import { FrameReader, type Frame } from './frame-reader.ts';

/** A bundle that was read to its end and found whole. */
export interface OpenBundle {
  readonly manifest: BundleManifest;
  /** The facts, in portions as the server takes them. */
  chunks(): AsyncGenerator<CarriedRequest>;
  /** The attachments; each has to be read to its end before the next one is asked for. */
  blobs(): AsyncGenerator<BundleBlob & { readonly bytes: AsyncIterable<Uint8Array> }>;
}

/**
 * Opens a bundle of any laptop and checks all of it before anything of it is given out: that it is whole and unchanged, that
 * each attachment has its name, that the exporting device has signed its facts, and that the chains end where they should.
 * @throws HostError `bundle.wrongPassphrase`, `bundle.damaged`, `bundle.tooLarge`.
 */
export async function openBundle(path: string, passphrase: string): Promise<OpenBundle> {
  const reader = await FrameReader.open(path, passphrase);
  const manifest = await verify(reader);
  return {
    manifest,
    async *chunks() {
      for await (const { kind, content } of reader.frames())
        if (kind === 'facts') yield parse(CarriedRequestSchema, content);
        else if (kind === 'blob') return;
    },
    async *blobs() {
      const frames = reader.frames();
      try {
        let next = await frames.next();
        while (next.done !== true) {
          if (next.value.kind !== 'blob') {
            next = await frames.next();
            continue;
          }
          const blob = parse(BundleBlobSchema, next.value.content);
          let after: IteratorResult<Frame> | undefined;
          yield {
            ...blob,
            bytes: (async function* () {
              for (after = await frames.next(); after.done !== true; after = await frames.next()) {
                if (after.value.kind !== 'bytes') return;
                yield after.value.content;
              }
            })(),
          };
          next = after ?? (await frames.next());
        }
      } finally {
        await frames.return(undefined);
      }
    },
  };
}

async function verify(reader: FrameReader): Promise<BundleManifest> {
  let manifest: BundleManifest | undefined;
  let blob: { announced: BundleBlob; hash: Hash; size: number } | undefined;
  let isEnded = false;
  const counted = { events: 0, blobs: 0 };
  const heads: Record<string, string> = {};
  const finishBlob = (): void => {
    if (blob === undefined) return;
    const { announced, hash, size } = blob;
    if (size !== announced.size || hash.digest('hex') !== announced.sha256) throw damagedBundle('attachment');
    blob = undefined;
  };
  for await (const { kind, content } of reader.frames()) {
    if ((manifest === undefined) !== (kind === 'manifest')) throw damagedBundle('order');
    if (kind === 'manifest') {
      manifest = parse(BundleManifestSchema, content);
    } else if (kind === 'facts') {
      if (counted.blobs > 0) throw damagedBundle('order');
      const chunk = parse(CarriedRequestSchema, content);
      checkSignature(manifest, chunk);
      counted.events += chunk.events.length;
      if (counted.events > (manifest?.events ?? 0)) throw tooLargeBundle();
      for (const event of chunk.events) heads[`${event.device} ${event.stream}`] = hashEvent(event);
    } else if (kind === 'blob') {
      finishBlob();
      counted.blobs++;
      blob = { announced: parse(BundleBlobSchema, content), hash: createHash('sha256'), size: 0 };
    } else if (kind === 'bytes') {
      if (blob === undefined) throw damagedBundle('order');
      blob.size += content.length;
      blob.hash.update(content);
    } else {
      finishBlob();
      const end = parse(BundleEndSchema, content);
      isEnded = end.events === counted.events && end.blobs === counted.blobs;
    }
  }
  const isWhole = isEnded && manifest?.events === counted.events && manifest.blobs === counted.blobs;
  if (!isWhole || manifest === undefined) throw damagedBundle('counts');
  if (!isSame(heads, manifest.heads)) throw damagedBundle('chain');
  return manifest;
}

/** Those of other devices, which the exporter carried, are the server's to check: only it knows their keys. */
function checkSignature(manifest: BundleManifest | undefined, chunk: CarriedRequest): void {
  if (manifest === undefined || chunk.device !== manifest.device) return;
  if (!isSignedBy(manifest.publicKey, chunk)) throw damagedBundle('signature');
}

function isSame(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

function parse<S extends z.ZodType>(schema: S, content: Buffer): z.output<S> {
  try {
    return schema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    // Authentic, and yet not what was agreed: a version that we do not know.
    throw damagedBundle('content');
  }
}
