import { isAscii } from 'node:buffer';
import { readSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { decode, type LogEncoding } from './encodings.ts';
import { newlinesOf, type Newlines } from './newlines.ts';
import { PREVIEW_BYTES, RANGES_PER_LINE, type SearchHit, type SearchQuery } from './search-query.ts';

/** Bytes read at once. A line longer than this is searched in pieces. */
const READ_BYTES = 4 * 1024 * 1024;
/** Bytes ruled out by one run of the expression; small enough that one hit costs little. */
const SIEVE_BYTES = 64 * 1024;

export interface ScanOrder {
  readonly task: 'scan';
  readonly descriptor: number;
  readonly encoding: LogEncoding;
  readonly query: SearchQuery;
}

export type ScanReply =
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'scanned'; readonly hits: SearchHit[]; readonly end?: { readonly more: boolean } };

/**
 * Searches with JavaScript's regular expressions, for machines without the
 * ripgrep binary and for open files whose path now names another. Replies
 * after every read, also without hits, so that the caller sees it alive. To be
 * run in a thread of its own, because an expression may take for ever.
 */
export function scanLines(order: ScanOrder, reply: (reply: ScanReply) => void): void {
  const { query } = order;
  const expression = compile(query);
  if (typeof expression === 'string') {
    reply({ kind: 'invalid', reason: expression });
    return;
  }
  const scan = new LineScan(order, expression);
  let buffer = Buffer.allocUnsafe(READ_BYTES);
  let held = 0;
  let at = 0;
  for (;;) {
    const length = readSync(order.descriptor, buffer, held, READ_BYTES - held, at + held);
    const bytes = buffer.subarray(0, held + length);
    const used = scan.block(bytes, at, length === 0);
    const done = length === 0 || scan.found > query.limit;
    reply({
      kind: 'scanned',
      hits: scan.take(),
      ...(done ? { end: { more: scan.found > query.limit } } : {}),
    });
    if (done) return;
    held = bytes.length - used;
    at += used;
    const next = Buffer.allocUnsafe(READ_BYTES);
    bytes.copy(next, 0, used);
    buffer = next;
  }
}

/** The expression, or why it is none. */
function compile({ pattern, kind, ignoreCase }: SearchQuery): RegExp | string {
  // V8 then leaves a pattern that backtracks without end to its linear engine, where it can.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  const source = kind === 'text' ? pattern.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`) : pattern;
  try {
    return new RegExp(source, ignoreCase ? 'gmi' : 'gm');
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return thrown.message;
    throw thrown;
  }
}

class LineScan {
  readonly #encoding: LogEncoding;
  readonly #newlines: Newlines;
  readonly #expression: RegExp;
  readonly #limit: number;
  /** A negative look-around may fail because of a neighbouring line: then every line is tried alone. */
  readonly #sieve: boolean;
  #line = 1;
  #lastHit = 0;
  /** Start of a line too long for one read, while its further pieces are searched. */
  #begun: { readonly byteOffset: number; readonly head: Buffer } | undefined;
  #hits: SearchHit[] = [];
  /** Matching lines found; stops at one beyond the limit. */
  found = 0;

  constructor({ encoding, query }: ScanOrder, expression: RegExp) {
    this.#encoding = encoding;
    this.#newlines = newlinesOf(encoding);
    this.#expression = expression;
    this.#limit = query.limit;
    this.#sieve = !/\(\?<?!/.test(expression.source);
  }

  take(): SearchHit[] {
    return this.#hits.splice(0);
  }

  /** Searches the whole lines in `bytes`, which stand at `at` in the file; returns how many bytes they are. */
  block(bytes: Buffer, at: number, isLast: boolean): number {
    let from = 0;
    while (from < bytes.length && this.found <= this.#limit) {
      const limit = Math.min(bytes.length, from + SIEVE_BYTES);
      let to = this.#newlines.previous(bytes, limit) + this.#newlines.size;
      if (to <= from) to = this.#newlines.next(bytes, limit) + this.#newlines.size;
      const endless = to <= from;
      if (endless && !isLast && bytes.length - from < READ_BYTES) return from;
      const piece = bytes.subarray(from, endless ? bytes.length : to);
      this.#lines(piece, at + from);
      from += piece.length;
    }
    return from;
  }

  #lines(piece: Buffer, at: number): void {
    const isRuledOut = this.#sieve && !this.#matches(textOf(piece, this.#encoding, at === 0));
    let from = 0;
    while (from < piece.length && this.found <= this.#limit) {
      const feed = this.#newlines.next(piece, from);
      const end = feed >= 0 ? feed : piece.length;
      if (!isRuledOut) this.#one(piece.subarray(from, end), at + from);
      if (feed < 0) {
        this.#begun ??= {
          byteOffset: at + from,
          head: Buffer.from(piece.subarray(from, from + PREVIEW_BYTES)),
        };
        return;
      }
      this.#begun = undefined;
      this.#line += 1;
      from = end + this.#newlines.size;
    }
  }

  #matches(text: string): boolean {
    this.#expression.lastIndex = 0;
    return this.#expression.test(text);
  }

  #one(line: Buffer, at: number): void {
    const content = line.subarray(0, line.length - this.#newlines.returnSize(line));
    const searched = textOf(content, this.#encoding, at === 0);
    if (this.#line === this.#lastHit || !this.#matches(searched)) return;
    this.#lastHit = this.#line;
    this.found += 1;
    if (this.found > this.#limit) return;
    const byteOffset = this.#begun?.byteOffset ?? at;
    const shown = this.#begun?.head ?? content.subarray(0, PREVIEW_BYTES);
    const text = textOf(shown, this.#encoding, byteOffset === 0);
    const ranges = this.#begun === undefined ? this.#rangesIn(searched, text.length) : [];
    const truncated = this.#begun !== undefined || content.length > PREVIEW_BYTES;
    this.#hits.push({ line: this.#line, byteOffset, text, truncated, ranges });
  }

  #rangesIn(searched: string, shownLength: number): SearchHit['ranges'] {
    const ranges: SearchHit['ranges'] = [];
    this.#expression.lastIndex = 0;
    for (const match of searched.matchAll(this.#expression)) {
      if (ranges.length === RANGES_PER_LINE || match.index > shownLength) break;
      ranges.push({ from: match.index, to: Math.min(shownLength, match.index + match[0].length) });
    }
    return ranges;
  }
}

/** Text without letters beyond ASCII needs no decoding, which is what takes the time. */
function textOf(bytes: Buffer, encoding: LogEncoding, atFileStart: boolean): string {
  const plain = !encoding.startsWith('utf-16') && isAscii(bytes);
  return plain ? bytes.toString('latin1') : decode(bytes, encoding, atFileStart);
}
