import type { LogEncoding } from './encodings.ts';
import type { ByteSource } from './log-file.ts';
import { BLOCK_BYTES } from './newline-kernel.ts';
import { newlinesOf, type Newlines } from './newlines.ts';

/** The line feeds of consecutive blocks. */
export interface BlockCounts {
  readonly counts: Uint32Array;
  /** Bytes counted. */
  readonly byteLength: number;
  readonly endsWithLineFeed: boolean;
}

/**
 * How many line feeds lie before each block of 32 KiB: eight bytes a block, so
 * about 0.02 bytes a line in an ordinary log, and any question is answered by
 * a binary search and one read of at most a block. Lines may be of any length
 * and numbers go beyond 2^32. Line numbers count from 0 here.
 */
export class LineIndex {
  readonly #newlines: Newlines;
  /** `#before[b]` = line feeds before block b; one entry more than full blocks known. */
  #before = new Float64Array(1024);
  #fullBlocks = 0;
  /** The bytes behind the last full block, and the line feeds in them. */
  #tailBytes = 0;
  #tailLineFeeds = 0;
  #endsWithLineFeed = false;

  constructor(encoding: LogEncoding) {
    this.#newlines = newlinesOf(encoding);
  }

  /** How far from the start of the file the index reaches, in bytes. */
  get coveredBytes(): number {
    return this.#fullBlocks * BLOCK_BYTES + this.#tailBytes;
  }

  /** Line feeds in the covered bytes. */
  get lineFeeds(): number {
    return this.#at(this.#fullBlocks) + this.#tailLineFeeds;
  }

  /** Lines that begin in the covered bytes; a line feed at their very end begins none. */
  get lines(): number {
    return this.lineFeeds + (this.coveredBytes > 0 && !this.#endsWithLineFeed ? 1 : 0);
  }

  /** Where the next append has to begin: the start of the unfinished block. */
  get resumeAt(): number {
    return this.#fullBlocks * BLOCK_BYTES;
  }

  /** Memory taken by the index, in bytes. */
  get memoryBytes(): number {
    return this.#before.byteLength;
  }

  /**
   * Adds the counts of the blocks that begin at `resumeAt`. `byteLength` is
   * how many bytes they cover: only the last block may be partial, and it is
   * counted anew by the next append.
   */
  append({ counts, byteLength, endsWithLineFeed }: BlockCounts): void {
    if (byteLength === 0) return;
    this.#endsWithLineFeed = endsWithLineFeed;
    const full = Math.floor(byteLength / BLOCK_BYTES);
    this.#reserve(this.#fullBlocks + full + 1);
    for (let i = 0; i < full; i += 1) {
      const block = this.#fullBlocks + i;
      this.#before[block + 1] = this.#at(block) + (counts[i] ?? 0);
    }
    this.#fullBlocks += full;
    this.#tailBytes = byteLength - full * BLOCK_BYTES;
    this.#tailLineFeeds = this.#tailBytes > 0 ? (counts[full] ?? 0) : 0;
  }

  /** Number of the line that holds this offset; `undefined` beyond what is covered. */
  async lineAt(source: ByteSource, byteOffset: number): Promise<number | undefined> {
    if (byteOffset > this.coveredBytes) return undefined;
    const block = Math.floor(byteOffset / BLOCK_BYTES);
    const start = block * BLOCK_BYTES;
    const bytes = await source.read(start, byteOffset - start);
    return this.#at(block) + count(bytes, this.#newlines);
  }

  /**
   * Offset of the first byte of a line; `undefined` beyond what is covered.
   * The line after the last line feed exists, if only as the end of the file.
   */
  async startOf(source: ByteSource, line: number): Promise<number | undefined> {
    if (line === 0) return 0;
    if (line > this.lineFeeds) return undefined;
    const block = this.#blockOfLineFeed(line);
    const start = block * BLOCK_BYTES;
    const bytes = await source.read(start, BLOCK_BYTES);
    let at = -this.#newlines.size;
    for (let left = line - this.#at(block); left > 0; left -= 1) {
      at = this.#newlines.next(bytes, at + this.#newlines.size);
      if (at < 0) return undefined;
    }
    return start + at + this.#newlines.size;
  }

  /** The counts so far, for comparing two indexes. */
  snapshot(): { before: number[]; coveredBytes: number; lineFeeds: number } {
    return {
      before: [...this.#before.subarray(0, this.#fullBlocks + 1)],
      coveredBytes: this.coveredBytes,
      lineFeeds: this.lineFeeds,
    };
  }

  /** The block that holds the n-th line feed, counted from 1. */
  #blockOfLineFeed(n: number): number {
    let low = 0;
    let high = this.#fullBlocks;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#at(middle) < n) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #at(block: number): number {
    return this.#before[block] ?? 0;
  }

  #reserve(entries: number): void {
    if (entries <= this.#before.length) return;
    const larger = new Float64Array(Math.max(entries, Math.ceil(this.#before.length * 1.5)));
    larger.set(this.#before);
    this.#before = larger;
  }
}

function count(bytes: Buffer, newlines: Newlines): number {
  let found = 0;
  for (let at = newlines.next(bytes, 0); at >= 0; at = newlines.next(bytes, at + newlines.size)) found += 1;
  return found;
}
