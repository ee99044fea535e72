import { decode, type LogEncoding } from './encodings.ts';
import type { LineIndex } from './line-index.ts';
import type { ByteSource } from './log-file.ts';
import { newlinesOf, type Newlines } from './newlines.ts';

/** Bytes of one line that are shown; the rest stays in the file and its range is told. */
export const SHOWN_BYTES = 16 * 1024;
/** Text bytes of one page, so that many long lines cannot make an answer of hundreds of megabytes. */
const PAGE_BYTES = 1024 * 1024;
const WINDOW_BYTES = 64 * 1024;
const SCAN_BYTES = 1024 * 1024;
/** How far the end or start of a long line is looked for: tens of milliseconds on a warm disk. */
const SCAN_LIMIT_BYTES = 64 * 1024 * 1024;

export interface LogLine {
  /** First byte of the line in the file. */
  readonly byteOffset: number;
  /** Bytes up to the start of the next line, line end included. */
  readonly byteLength: number;
  /** Decoded, without the line end; controls are left as they are. */
  readonly text: string;
  /** The text is only the first 16 KiB of the line. */
  readonly truncated: boolean;
  /** False where the range is a piece of a line so long that its start was not looked for. */
  readonly startKnown: boolean;
  /** False where the range is a piece of a line so long that its end was not looked for. */
  readonly endKnown: boolean;
}

export interface LinePage {
  readonly lines: LogLine[];
  /** No line before the first. */
  readonly atStart: boolean;
  /** No line behind the last, as far as the file is known now. */
  readonly atEnd: boolean;
}

interface Limits {
  readonly scanLimit: number;
}

/**
 * Pages of lines read by position. Needs no index; where one is given it
 * replaces scanning through very long lines.
 */
export class LinePager {
  readonly #source: ByteSource;
  readonly #encoding: LogEncoding;
  readonly #newlines: Newlines;
  readonly #index: LineIndex | undefined;
  readonly #scanLimit: number;

  constructor(
    source: ByteSource,
    encoding: LogEncoding,
    index?: LineIndex,
    limits: Limits = { scanLimit: SCAN_LIMIT_BYTES },
  ) {
    this.#source = source;
    this.#encoding = encoding;
    this.#newlines = newlinesOf(encoding);
    this.#index = index;
    this.#scanLimit = limits.scanLimit;
  }

  /** Up to `count` lines from the one that holds `byteOffset`. Nothing at or beyond the end of the file. */
  async forward(byteOffset: number, count: number): Promise<LinePage> {
    const { size } = this.#source;
    if (byteOffset >= size) return { lines: [], atStart: size === 0, atEnd: true };
    const first = await this.#lineStart(byteOffset);
    const lines: LogLine[] = [];
    let at = first.offset;
    let startKnown = first.known;
    let shown = 0;
    let window: Buffer = Buffer.alloc(0);
    let windowAt = at;
    while (lines.length < count && shown < PAGE_BYTES && at < size) {
      let end = this.#newlines.next(window, at - windowAt);
      if (end < 0 && windowAt + window.length < size) {
        window = await this.#source.read(at, Math.min(WINDOW_BYTES, size - at));
        windowAt = at;
        if (window.length === 0) break; // the file became shorter
        end = this.#newlines.next(window, 0);
      }
      const rest = window.subarray(at - windowAt);
      const line: LogLine =
        end >= 0
          ? this.#line(
              at,
              window.subarray(at - windowAt, end),
              end + this.#newlines.size + windowAt,
              startKnown,
            )
          : windowAt + window.length >= size
            ? this.#line(at, rest, at + rest.length, startKnown)
            : this.#longLine(at, rest, await this.#nextLineStart(windowAt + window.length), startKnown);
      lines.push(line);
      shown += Math.min(line.byteLength, SHOWN_BYTES);
      at = line.byteOffset + line.byteLength;
      // One piece of an endless line a page: each costs a scan.
      if (!line.endKnown) break;
      startKnown = true;
    }
    return { lines, atStart: first.offset === 0, atEnd: at >= size };
  }

  /**
   * Up to `count` lines before `byteOffset`, in file order; with the end of the
   * file as offset, the last lines. An offset inside a line gives what stands
   * before it as a piece, so that paging back never leaves a gap.
   */
  async backward(byteOffset: number, count: number): Promise<LinePage> {
    const { size } = this.#source;
    const boundary = byteOffset >= size ? { offset: size, known: true } : await this.#boundary(byteOffset);
    const lines: LogLine[] = [];
    let end = boundary.offset;
    let endKnown = boundary.known;
    let shown = 0;
    let window: Buffer = Buffer.alloc(0);
    let windowAt = end;
    while (lines.length < count && shown < PAGE_BYTES && end > 0) {
      let feed = this.#newlines.previous(window, end - windowAt - this.#newlines.size);
      if (feed < 0 && windowAt > 0) {
        windowAt = even(Math.max(0, end - WINDOW_BYTES));
        window = await this.#source.read(windowAt, end - windowAt);
        if (window.length < end - windowAt) break; // the file became shorter
        feed = this.#newlines.previous(window, end - windowAt - this.#newlines.size);
      }
      const start =
        feed >= 0
          ? { offset: windowAt + feed + this.#newlines.size, known: true }
          : windowAt === 0
            ? { offset: 0, known: true }
            : await this.#lineStartOrPiece(windowAt);
      const content =
        start.offset >= windowAt
          ? window.subarray(start.offset - windowAt, end - windowAt)
          : await this.#source.read(start.offset, SHOWN_BYTES);
      const line =
        start.offset >= windowAt
          ? this.#line(start.offset, this.#withoutFeed(content), end, start.known, endKnown)
          : this.#longLine(start.offset, content, { offset: end, known: endKnown }, start.known);
      lines.push(line);
      shown += Math.min(line.byteLength, SHOWN_BYTES);
      end = start.offset;
      if (!start.known) break;
      endKnown = true;
    }
    return { lines: lines.toReversed(), atStart: end === 0, atEnd: boundary.offset >= size };
  }

  /** Where backward paging begins, and whether a line ends there. */
  async #boundary(byteOffset: number): Promise<Found> {
    const { size: feedSize } = this.#newlines;
    const offset = feedSize === 2 ? even(byteOffset) : byteOffset;
    if (offset < feedSize) return { offset, known: offset === 0 };
    const before = await this.#source.read(offset - feedSize, feedSize);
    return { offset, known: this.#newlines.next(before, 0) === 0 };
  }

  /** A line whose content is at hand whole. */
  #line(at: number, content: Buffer, next: number, startKnown: boolean, endKnown = true): LogLine {
    const text = content.subarray(0, content.length - this.#newlines.returnSize(content));
    return {
      byteOffset: at,
      byteLength: next - at,
      text: decode(text.subarray(0, SHOWN_BYTES), this.#encoding, at === 0),
      truncated: text.length > SHOWN_BYTES,
      startKnown,
      endKnown,
    };
  }

  /** A line of which only the first bytes are at hand. */
  #longLine(at: number, first: Buffer, next: Found, startKnown: boolean): LogLine {
    return {
      byteOffset: at,
      byteLength: next.offset - at,
      text: decode(first.subarray(0, SHOWN_BYTES), this.#encoding, at === 0),
      truncated: true,
      startKnown,
      endKnown: next.known,
    };
  }

  #withoutFeed(content: Buffer): Buffer {
    const body = content.length - this.#newlines.size;
    return body >= 0 && this.#newlines.next(content.subarray(body), 0) === 0
      ? content.subarray(0, body)
      : content;
  }

  /** Like `#lineStart`, but an unknown start is as far back as was looked, so that paging gets on. */
  async #lineStartOrPiece(byteOffset: number): Promise<Found> {
    const start = await this.#lineStart(byteOffset);
    return start.known ? start : { offset: even(Math.max(0, byteOffset - this.#scanLimit)), known: false };
  }

  /**
   * Start of the line that holds this offset. Where it is neither near, nor
   * indexed, nor within the scan limit, the offset itself stands for it.
   */
  async #lineStart(byteOffset: number): Promise<Found> {
    const unknown = { offset: this.#newlines.size === 2 ? even(byteOffset) : byteOffset, known: false };
    const floor = Math.max(0, unknown.offset - this.#scanLimit);
    let end = unknown.offset;
    while (end > floor) {
      const near = end === unknown.offset;
      const from = even(Math.max(floor, end - (near ? WINDOW_BYTES : SCAN_BYTES)));
      const bytes = await this.#source.read(from, end - from);
      const feed = this.#newlines.previous(bytes, bytes.length);
      if (feed >= 0) return { offset: from + feed + this.#newlines.size, known: true };
      end = from;
      const indexed = near ? await this.#indexedStart(byteOffset, 0) : undefined;
      if (indexed !== undefined) return { offset: indexed, known: true };
    }
    return end === 0 ? { offset: 0, known: true } : unknown;
  }

  /** Start of the first line after `from`, the end of the file, or as far as was looked. */
  async #nextLineStart(from: number): Promise<Found> {
    const { size } = this.#source;
    const ceiling = Math.min(size, from + this.#scanLimit);
    let at = from;
    while (at < ceiling) {
      const bytes = await this.#source.read(at, Math.min(SCAN_BYTES, ceiling - at));
      if (bytes.length === 0) return { offset: at, known: true };
      const feed = this.#newlines.next(bytes, 0);
      if (feed >= 0) return { offset: at + feed + this.#newlines.size, known: true };
      const indexed = at === from ? await this.#indexedStart(from, 1) : undefined;
      if (indexed !== undefined) return { offset: indexed, known: true };
      at += bytes.length;
    }
    return { offset: at, known: at >= size };
  }

  /** Start of the line that holds the offset, or of the one `further` lines on, if the index reaches it. */
  async #indexedStart(byteOffset: number, further: number): Promise<number | undefined> {
    const line = await this.#index?.lineAt(this.#source, byteOffset);
    return line === undefined ? undefined : this.#index?.startOf(this.#source, line + further);
  }
}

interface Found {
  readonly offset: number;
  readonly known: boolean;
}

/** Windows begin at even offsets, so that the units of UTF-16 are read in step. */
function even(offset: number): number {
  return offset - (offset % 2);
}
