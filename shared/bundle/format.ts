import { z } from 'zod';

/**
 * A file that carries unsent work without a network.
 *
 * ```
 * magic (17 bytes) · version (1) · length of the header (4, big-endian) · header (JSON)
 * frame*: length (4, big-endian) · AES-256-GCM(kind (1) · content) · tag (16)
 * ```
 * The key of the frames is HKDF-SHA256(key behind `lock`, `salt`, {@link BUNDLE_PURPOSE}), so it is another one for each bundle. The nonce of
 * a frame is its number and, in the last byte, whether it is the last one; everything before the frames is additional data
 * of each of them (STREAM, Hoang et al. 2015). So nothing can be cut off, left out, repeated, moved or put before
 * another header without being found. Nothing is compressed: what comes out is never longer than the file.
 *
 * Frames: one `manifest`, then `facts`, then for each attachment one `blob` and its `bytes`, then one `end`.
 */
export const BUNDLE_MAGIC = 'FAULTLINE-BUNDLE\n';
export const BUNDLE_VERSION = 1;
export const BUNDLE_PURPOSE = 'faultline-bundle-1';
export const BUNDLE_EXTENSION = '.faultline';

export const MAX_HEADER_BYTES = 4096;
/** A fact of the largest kind, alone in its frame. */
export const MAX_FRAME_BYTES = 20 * 1024 * 1024;
/** Attachments travel in pieces of this size. */
export const BLOB_PIECE_BYTES = 256 * 1024;
export const MAX_BUNDLE_EVENTS = 200_000;
export const MAX_BUNDLE_BLOBS = 20_000;
export const TAG_BYTES = 16;

export const FRAME_KINDS = { manifest: 1, facts: 2, blob: 3, bytes: 4, end: 5 } as const;
export type FrameKind = keyof typeof FRAME_KINDS;

const base64 = (max: number) => z.string().max(max);
/** Bounded tightly: a strange file must not make anybody allocate gigabytes. */
export const BundleHeaderSchema = z.object({
  lock: z.object({
    kdf: z.literal('scrypt'),
    n: z
      .number()
      .int()
      .min(2 ** 14)
      .max(2 ** 18),
    r: z.number().int().min(1).max(8),
    p: z.number().int().min(1).max(4),
    salt: base64(200),
    wrappedKey: base64(400),
  }),
  salt: base64(200),
});
export type BundleHeader = z.infer<typeof BundleHeaderSchema>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const BundleManifestSchema = z.object({
  /** Whose facts these are: a server of another tenant has no use for them. */
  tenant: z.string().max(200),
  device: z.string().max(80),
  actor: z.string().max(80),
  createdAt: z.string().max(40),
  /** Ed25519, SPKI DER as base64url: what the facts of this device are signed with. */
  publicKey: z.string().max(200),
  events: z.number().int().nonnegative().max(MAX_BUNDLE_EVENTS),
  blobs: z.number().int().nonnegative().max(MAX_BUNDLE_BLOBS),
  /** `<device> <stream>` -> hash of its last fact in here: the end of the chain. */
  heads: z.record(z.string().max(220), sha256),
});
export type BundleManifest = z.infer<typeof BundleManifestSchema>;

export const BundleBlobSchema = z.object({ sha256, size: z.number().int().nonnegative() });
export type BundleBlob = z.infer<typeof BundleBlobSchema>;

export const BundleEndSchema = z.object({ events: z.number().int(), blobs: z.number().int() });

/** The nonce of frame `number` (from 0): 96 bits that never repeat under one key. */
export function frameNonce(number: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setBigUint64(3, BigInt(number));
  // Its own byte, behind the number.
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** What a device signs of the facts that others carry for it; `hash` is the SHA-256 hex of their canonical JSON. */
export const carriedText = (device: string, hash: string): string => `faultline-carried\n${device}\n${hash}`;
