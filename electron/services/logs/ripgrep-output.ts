import type { LineMatches } from './hit-preview.ts';
import { RANGES_PER_LINE } from './search-query.ts';

/** What ripgrep prints in place of a match longer than `--max-columns`. */
const OMITTED = '[Omitted long matching line]';

/**
 * Reads the output of `rg --line-number --column --byte-offset
 * --only-matching`, one record a match: `line:column:offset:text`. Gathers the
 * matches of one line; any chunking of the bytes gives the same lines.
 */
export class RipgrepOutput {
  readonly #offsetsAreOfFile: boolean;
  readonly #returnSize: 0 | 1;
  #rest: Buffer = Buffer.alloc(0);
  #complete: LineMatches[] = [];
  #open: (LineMatches & { matches: LineMatches['matches'][number][] }) | undefined;
  #lastLine = 0;
  #lines = 0;
  #matches = 0;

  /** With `--crlf` every record ends in CR LF. */
  constructor(offsetsAreOfFile: boolean, crlf = false) {
    this.#offsetsAreOfFile = offsetsAreOfFile;
    this.#returnSize = crlf ? 1 : 0;
  }

  /** Matching lines seen so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Matches seen so far. */
  get matches(): number {
    return this.#matches;
  }

  /** Whether a line is held back because more of its matches may come. */
  get holdsLine(): boolean {
    return this.#open !== undefined;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      this.#record(bytes.subarray(at, end));
      at = end + 1;
    }
    this.#rest = bytes.subarray(at);
  }

  /** The lines all of whose matches are known. */
  take(): LineMatches[] {
    return this.#complete.splice(0);
  }

  /** Also the line held back; matches of it that come later are not reported. */
  takeAll(): LineMatches[] {
    if (this.#open !== undefined) this.#complete.push(this.#open);
    this.#open = undefined;
    return this.take();
  }

  #record(record: Buffer): void {
    const [head, line, column, offset] = /^(\d+):(\d+):(\d+):/.exec(record.toString('latin1', 0, 60)) ?? [];
    if (head === undefined) return;
    this.#matches += 1;
    const number = Number(line);
    const from = Number(column) - 1;
    const length = record.length - head.length - this.#returnSize;
    const omitted = record.toString('latin1', head.length, head.length + OMITTED.length) === OMITTED;
    const match = { from, to: omitted ? undefined : from + length };
    if (this.#open?.line === number) {
      if (this.#open.matches.length < RANGES_PER_LINE) this.#open.matches.push(match);
      return;
    }
    if (number === this.#lastLine) return;
    if (this.#open !== undefined) this.#complete.push(this.#open);
    this.#lastLine = number;
    this.#lines += 1;
    const byteOffset = this.#offsetsAreOfFile ? Number(offset) - from : undefined;
    this.#open = { line: number, byteOffset, matches: [match] };
  }
}
