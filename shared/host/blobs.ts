import { z } from 'zod';
import { call, type ServiceSpec, stream } from './define.ts';

/** Below the frame cap with room for the envelope; longer content goes in pieces. */
export const MAX_BLOB_PIECE = 4 * 1024 * 1024;

export const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
export const BlobRefSchema = z.object({ sha256: Sha256Schema, size: z.number().int().nonnegative() });

const nothing = z.object({});
const bytes = z.instanceof(Uint8Array);
const piece = bytes.refine((value) => value.length <= MAX_BLOB_PIECE, 'longer than a piece may be');

/** Attachments by content. Errors: `blobs.missing`, `blobs.damaged`, `blobs.diskFull`, `blobs.unknownUpload`, and those of sync for `fetch`. */
export const blobsService = {
  /** Keeps up to 4 MB; longer content goes through begin, append, finish. */
  put: call(z.object({ bytes: piece }), BlobRefSchema),
  begin: call(nothing, z.object({ uploadId: z.string() })),
  append: call(z.object({ uploadId: z.string().max(80), bytes: piece }), nothing),
  finish: call(z.object({ uploadId: z.string().max(80) }), BlobRefSchema),
  /** `size` is null when the blob is not on this computer. */
  info: call(z.object({ sha256: Sha256Schema }), z.object({ size: z.number().int().nullable() })),
  /** Makes sure that the blob is on this computer, fetching it from the server if need be. */
  fetch: call(z.object({ sha256: Sha256Schema }), BlobRefSchema),
  /** At most 4 MB from `offset`. */
  read: call(
    z.object({
      sha256: Sha256Schema,
      offset: z.number().int().nonnegative().default(0),
      length: z.number().int().positive().max(MAX_BLOB_PIECE).default(MAX_BLOB_PIECE),
    }),
    z.object({ bytes }),
  ),
  /** The whole content in pieces of 64 KiB. */
  open: stream(z.object({ sha256: Sha256Schema }), z.object({ bytes }), {
    window: 1024 * 1024,
    cost: (item) => item.bytes.length,
  }),
} satisfies ServiceSpec;
