import { createHash } from 'node:crypto';
import type { LogEncoding } from './encodings.ts';
import type { FileIdentity } from './file-identity.ts';
import type { LineIndex } from './line-index.ts';
import { changedUnderneath, LogError } from './log-error.ts';
import type { LogFile } from './log-file.ts';

/** An excerpt is what a person points at, not a copy of the log; as much as one blob takes in one piece. */
export const EXCERPT_BYTES = 4 * 1024 * 1024;

export interface ByteRange {
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface ExcerptRange extends ByteRange {
  /** Numbers, from 1, of the lines with the first and the last byte, where the index knows them. */
  readonly firstLine?: number;
  readonly lastLine?: number;
}

/** A piece of evidence: original bytes, where they stood, and in which file. */
export interface Excerpt {
  readonly path: string;
  /** How the bytes were shown; they themselves are as in the file. */
  readonly encoding: LogEncoding;
  readonly ranges: ExcerptRange[];
  /** The bytes of the ranges, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of `bytes`, in lower-case hex. */
  readonly sha256: string;
  readonly file: FileIdentity;
  /** The log may have been renamed or deleted since it was opened; the bytes are of the file that was open. */
  readonly atPath: 'this file' | 'another file' | 'nothing';
}

/**
 * Reads the ranges as evidence. The file is looked at before and after: if it
 * was rewritten since it was shown, the ranges may hold another text than the
 * person chose, and it throws `log.changed`. A file that only grew is fine.
 * Also throws `log.outOfRange` and `log.excerptTooLarge` (over 4 MiB).
 */
export async function takeExcerpt(
  file: LogFile,
  encoding: LogEncoding,
  ranges: readonly ByteRange[],
  index?: LineIndex,
): Promise<Excerpt> {
  const total = ranges.reduce((sum, range) => sum + range.byteLength, 0);
  if (total > EXCERPT_BYTES) {
    throw new LogError(
      'log.excerptTooLarge',
      `The selection has ${total} bytes, an excerpt at most ${EXCERPT_BYTES}. Choose fewer lines or attach the whole file.`,
      { bytes: total, most: EXCERPT_BYTES },
    );
  }
  await requireUnchanged(file);
  const hash = createHash('sha256');
  const all = new Uint8Array(total);
  let filled = 0;
  const placed: ExcerptRange[] = [];
  for (const range of ranges) {
    const bytes = await file.read(range.byteOffset, range.byteLength);
    if (bytes.length < range.byteLength) {
      throw new LogError(
        'log.outOfRange',
        `${file.path} ends before the chosen range. Load it again and choose anew.`,
        { path: file.path, byteOffset: range.byteOffset },
      );
    }
    hash.update(bytes);
    all.set(bytes, filled);
    filled += bytes.length;
    placed.push({ ...range, ...(await lineNumbers(file, range, index)) });
  }
  const identity = await requireUnchanged(file);
  return {
    path: file.path,
    encoding,
    ranges: placed,
    bytes: all,
    sha256: hash.digest('hex'),
    file: identity,
    atPath: await file.atPath(),
  };
}

async function requireUnchanged(file: LogFile): Promise<FileIdentity> {
  const { change, identity } = await file.look();
  if (change === 'rewritten') throw changedUnderneath(file.path);
  return identity;
}

async function lineNumbers(
  file: LogFile,
  { byteOffset, byteLength }: ByteRange,
  index: LineIndex | undefined,
): Promise<Pick<ExcerptRange, 'firstLine' | 'lastLine'>> {
  const first = await index?.lineAt(file, byteOffset);
  const last = await index?.lineAt(file, byteOffset + Math.max(0, byteLength - 1));
  return first === undefined || last === undefined ? {} : { firstLine: first + 1, lastLine: last + 1 };
}
