import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';

/** The start of a log never changes while it grows, so its hash tells a grown file from a rewritten one. */
const HEAD_BYTES = 4096;

/** Which file this is and in which condition it was seen. */
export interface FileIdentity {
  /** Volume and file number of the operating system; decimal, as both may exceed 2^53. */
  readonly device: string;
  readonly inode: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, with fractions where the file system has them. */
  readonly mtimeMs: number;
  /** How many bytes from the start `headSha256` covers: 4,096, or less in a short file. */
  readonly headBytes: number;
  readonly headSha256: string;
}

/** One look at an open file. */
export interface Observation {
  readonly identity: FileIdentity;
  readonly head: Uint8Array;
}

/** Looks through the open handle, so a rename underneath cannot mix two files. */
export async function observe(handle: FileHandle): Promise<Observation> {
  const stats = fromStats(await handle.stat({ bigint: true }));
  const buffer = Buffer.alloc(Math.min(HEAD_BYTES, stats.size));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  const head = buffer.subarray(0, bytesRead);
  return { identity: { ...stats, headBytes: head.length, headSha256: sha256(head) }, head };
}

/** How a file that was seen before looks now. */
export type Change = 'none' | 'grown' | 'rewritten';

/**
 * Compares a look with an earlier one. `rewritten` is a file that became
 * shorter, whose start differs, or that was written to without growing:
 * positions found earlier no longer point at the same text.
 */
export function changeBetween(before: FileIdentity, { identity: now, head }: Observation): Change {
  if (now.size === before.size && now.mtimeMs === before.mtimeMs) return 'none';
  if (now.size <= before.size) return 'rewritten';
  return sha256(head.subarray(0, before.headBytes)) === before.headSha256 ? 'grown' : 'rewritten';
}

/** Whether two observations are of one file on the disk. */
export function isSameFile(
  a: Pick<FileIdentity, 'device' | 'inode'>,
  b: Pick<FileIdentity, 'device' | 'inode'>,
): boolean {
  return a.device === b.device && a.inode === b.inode;
}

/** The part of the identity that a stat alone gives. */
export function fromStats(stats: BigIntStats): Pick<FileIdentity, 'device' | 'inode' | 'size' | 'mtimeMs'> {
  return {
    device: stats.dev.toString(),
    inode: stats.ino.toString(),
    size: Number(stats.size),
    mtimeMs: Number(stats.mtimeNs) / 1e6,
  };
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
