import { decode, type LogEncoding } from './encodings.ts';
import type { LineIndex } from './line-index.ts';
import type { ByteSource } from './log-file.ts';
import { newlinesOf } from './newlines.ts';
import { PREVIEW_BYTES, type SearchHit } from './search-query.ts';

const WINDOW_BYTES = 256 * 1024;
/** Hits this close to each other share a read. */
const GAP_BYTES = 32 * 1024;
const READS_AT_ONCE = 32;

/** A match as an engine reports it: positions count bytes of the text it searched. */
export interface LineMatches {
  /** Counted from 1. */
  readonly line: number;
  /** Start of the line in the file; `undefined` when the engine searched a transcoded copy. */
  readonly byteOffset: number | undefined;
  /** Bytes from the start of the line; the end is `undefined` where the match was too long to report. */
  readonly matches: { readonly from: number; readonly to: number | undefined }[];
}

interface Placed {
  readonly found: LineMatches;
  readonly byteOffset: number;
}

/**
 * Turns what the engine reports into hits with text. Reports have to come in
 * file order.
 */
export class HitPreviews {
  readonly #source: ByteSource;
  readonly #encoding: LogEncoding;
  readonly #index: LineIndex | undefined;
  /** Last line whose start was found by counting. */
  #known = { line: 1, byteOffset: 0 };

  constructor(source: ByteSource, encoding: LogEncoding, index: LineIndex | undefined) {
    this.#source = source;
    this.#encoding = encoding;
    this.#index = index;
  }

  async hits(all: readonly LineMatches[]): Promise<SearchHit[]> {
    const placed: Placed[] = [];
    for (const found of all) {
      placed.push({ found, byteOffset: found.byteOffset ?? (await this.#find(found.line)) });
    }
    const spans = spansOf(placed);
    const hits: SearchHit[] = [];
    for (let i = 0; i < spans.length; i += READS_AT_ONCE) {
      const read = await Promise.all(spans.slice(i, i + READS_AT_ONCE).map((span) => this.#hitsOf(span)));
      hits.push(...read.flat());
    }
    return hits;
  }

  async #hitsOf(span: readonly Placed[]): Promise<SearchHit[]> {
    const from = span[0]?.byteOffset ?? 0;
    const to = (span.at(-1)?.byteOffset ?? from) + PREVIEW_BYTES;
    const bytes = await this.#source.read(from, to - from);
    return span.map((hit) => {
      const start = hit.byteOffset - from;
      return this.#hit(hit, bytes.subarray(start, start + PREVIEW_BYTES));
    });
  }

  #hit({ found, byteOffset }: Placed, raw: Buffer): SearchHit {
    const newlines = newlinesOf(this.#encoding);
    const feed = newlines.next(raw, 0);
    const line = feed >= 0 ? raw.subarray(0, feed) : raw;
    const content = line.subarray(0, line.length - newlines.returnSize(line));
    const text = decode(content, this.#encoding, byteOffset === 0);
    // The engine counted bytes of the file, or of its own UTF-8 copy; the screen counts characters.
    const isTranscoded = found.byteOffset === undefined;
    const searched = isTranscoded ? Buffer.from(text) : content;
    const encoding = isTranscoded ? 'utf-8' : this.#encoding;
    const units = (bytes: number): number =>
      decode(searched.subarray(0, bytes), encoding, byteOffset === 0).length;
    return {
      line: found.line,
      byteOffset,
      text,
      truncated: feed < 0 && raw.length >= PREVIEW_BYTES,
      ranges: found.matches
        .filter(({ from }) => from <= searched.length)
        .map(({ from, to }) => ({ from: units(from), to: to === undefined ? text.length : units(to) })),
    };
  }

  /** Start of a line by its number: from the index where it reaches, else by counting on from the last one. */
  async #find(line: number): Promise<number> {
    const indexed = await this.#index?.startOf(this.#source, line - 1);
    if (indexed !== undefined) return indexed;
    const newlines = newlinesOf(this.#encoding);
    let { line: at, byteOffset } = this.#known;
    while (at < line) {
      const bytes = await this.#source.read(byteOffset, WINDOW_BYTES);
      if (bytes.length === 0) break;
      let from = 0;
      while (at < line) {
        const feed = newlines.next(bytes, from);
        if (feed < 0) break;
        from = feed + newlines.size;
        at += 1;
      }
      byteOffset += at < line ? bytes.length : from;
    }
    this.#known = { line: at, byteOffset };
    return byteOffset;
  }
}

/** Neighbours that one read serves. */
function spansOf(hits: readonly Placed[]): Placed[][] {
  const spans: Placed[][] = [];
  for (const hit of hits) {
    const span = spans.at(-1);
    const first = span?.[0]?.byteOffset ?? 0;
    const last = span?.at(-1)?.byteOffset ?? 0;
    const isNear = hit.byteOffset - last < GAP_BYTES && hit.byteOffset - first < WINDOW_BYTES;
    if (span !== undefined && isNear) span.push(hit);
    else spans.push([hit]);
  }
  return spans;
}
