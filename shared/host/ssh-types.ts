import { z } from 'zod';

/** What both SSH contracts speak of: host keys, facts of a connection, what a screen is shown. */

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'no bytes');

export const charset = z.enum(['utf-8', 'gb18030']);
export const sessionId = z.string().regex(/^[0-9a-f-]{36}$/);
export const terminalSize = { cols: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) };

/** Where to connect. The host may be a name or an address; it never reaches a shell. */
export const target = {
  host: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\s\p{C}/@]+$/u),
  port: z.int().min(1).max(65_535),
};

/** A server's public host key; `key` is its blob in base64, `fingerprint` is spelled as OpenSSH does. */
export const hostKey = z.object({
  algorithm: z.string(),
  key: z.string().max(20_000),
  fingerprint: z.string(),
  bits: z.int().optional(),
});

/** A host key that a person trusted, with when and by whom. */
export const knownHost = hostKey.extend({
  host: z.string(),
  port: z.int(),
  trustedAt: z.string(),
  trustedBy: z.string().optional(),
});

/** What was agreed with the server: shown on the connection card, kept with the evidence. */
export const connectionFacts = z.object({
  host: z.string(),
  port: z.int(),
  address: z.string(),
  username: z.string(),
  hostKey,
  kex: z.string(),
  cipher: z.string(),
  mac: z.string(),
  strictKex: z.boolean(),
  serverVersion: z.string(),
  banner: z.string(),
});

/** The answer to a host key that is not trusted. Nothing but the key exchange has happened. */
export const hostKeyUnknown = z.object({ kind: z.literal('hostKeyUnknown'), hostKey });
export const hostKeyChanged = z.object({
  kind: z.literal('hostKeyChanged'),
  hostKey,
  known: z.array(knownHost),
});

export const sessionEnd = z.object({
  why: z.enum(['exit', 'closed', 'error', 'movedToAnotherScreen']),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** What a screen gets of a session. Replies of the terminal to a `replay` must not be sent to the device. */
export const screenItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('replay'), data: bytes }),
  z.object({ kind: z.literal('output'), data: bytes }),
  z.object({ kind: z.literal('notice'), code: z.string(), message: z.string() }),
  z.object({ kind: z.literal('ended'), reason: sessionEnd }),
]);

export const tailInput = z.object({
  sessionId,
  path: z.string().min(1).max(4096),
  from: z
    .union([
      z.object({ offset: z.int().nonnegative() }),
      z.object({
        lastBytes: z
          .int()
          .nonnegative()
          .max(1024 ** 3),
      }),
    ])
    .optional(),
});

/** Bytes of the remote file with their offset in it, or what the device's `tail` says (rotated, vanished). */
export const tailItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('data'), offset: z.int(), data: bytes }),
  z.object({ kind: z.literal('notice'), message: z.string() }),
]);

/** Device clock minus ours; null on a device without a usable `date`. */
export const clockOffset = z.object({ offsetMs: z.int(), uncertaintyMs: z.int() }).nullable();

/** One paste at most; a larger one is sent in pieces, each waiting for the device. */
export const writeInput = z.object({
  sessionId,
  data: bytes.refine((data) => data.length <= 1024 * 1024, 'longer than 1 MiB'),
});

/** Output under way to a screen, in bytes: what Ctrl+C has to wait for, so it is small. */
export const OUTPUT_WINDOW_BYTES = 128 * 1024;

/** What a stream item costs of its window. */
export function bytesOf(item: { readonly kind: string; readonly data?: Uint8Array }): number {
  return item.data?.byteLength ?? 1;
}
