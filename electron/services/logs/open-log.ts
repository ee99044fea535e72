import type { LogEncoding } from './encodings.ts';
import { takeExcerpt, type ByteRange, type Excerpt } from './excerpt.ts';
import { followLog, type FollowEvent } from './follow-log.ts';
import { indexLog } from './index-log.ts';
import { LineIndex } from './line-index.ts';
import { LinePager, type LogLine } from './line-pages.ts';
import { changedUnderneath, LogError } from './log-error.ts';
import { LogFile } from './log-file.ts';
import { searchLog, type SearchOptions } from './search-log.ts';
import type { SearchItem, SearchQuery } from './search-query.ts';

/** Where a page begins: at an offset, at a line counted from 1, or behind the last line. */
export type PagePosition = { readonly byteOffset: number } | { readonly line: number } | 'end';

export interface NumberedLine extends LogLine {
  /** Counted from 1; `null` until the index reaches the line. */
  readonly line: number | null;
}

export interface LogPage {
  readonly lines: NumberedLine[];
  readonly atStart: boolean;
  readonly atEnd: boolean;
  /** Bytes of the file as known now. */
  readonly size: number;
  /** Raised when the text was replaced: positions of another generation mean nothing in this one. */
  readonly generation: number;
}

/**
 * What a viewer needs of anything it pages through. A stream followed over SSH
 * is shown by appending it to a spool file and opening that.
 */
export interface LineSource {
  readonly size: number;
  readonly generation: number;
  lines(position: PagePosition, count: number, direction: 'forward' | 'backward'): Promise<LogPage>;
}

/** How far the line numbers reach. */
export interface IndexState {
  readonly coveredBytes: number;
  readonly size: number;
  /** Lines that begin in the covered bytes. */
  readonly lines: number;
  readonly generation: number;
}

/** What happened to a followed log, and how it is after that. */
export type LogEvent = { readonly kind: FollowEvent['kind'] } & IndexState;

/** A log in a viewer: the file, how it is decoded, its index, and what happens to it. */
export class OpenLog implements LineSource {
  #file: LogFile;
  #encoding: LogEncoding;
  #index: LineIndex;
  #generation = 1;
  /** Runs of the index go one after the other: two would append to one index. */
  #lastRun: Promise<void> = Promise.resolve();
  #runs = 0;
  /** The index was built once, so it is to keep up with the file. */
  #keepsUp = false;
  /** Ends what reads this generation or this log. */
  #work = new AbortController();
  /** The file before the last rotation: pages asked for before it may still be reading. */
  #retired: LogFile | undefined;
  #follower: AbortController | undefined;

  private constructor(file: LogFile, encoding: LogEncoding) {
    this.#file = file;
    this.#encoding = encoding;
    this.#index = new LineIndex(encoding);
  }

  /** Opens a file, in the given encoding or the one it seems to have. Throws `LogError`. */
  static async open(path: string, encoding?: LogEncoding): Promise<OpenLog> {
    const file = await LogFile.open(path);
    try {
      return new OpenLog(file, encoding ?? (await file.detectEncoding()));
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  get path(): string {
    return this.#file.path;
  }
  get size(): number {
    return this.#file.size;
  }
  get encoding(): LogEncoding {
    return this.#encoding;
  }
  get generation(): number {
    return this.#generation;
  }

  /** Shows the same bytes in another encoding. Line ends may lie elsewhere, so indexing begins anew. */
  setEncoding(encoding: LogEncoding): void {
    if (encoding === this.#encoding) return;
    this.#encoding = encoding;
    this.#startAnew(undefined);
  }

  /** A page of lines. Works at once on files of any size; `{line}` needs the index to have come that far. */
  async lines(position: PagePosition, count: number, direction: 'forward' | 'backward'): Promise<LogPage> {
    const file = this.#file;
    const index = this.#index;
    const generation = this.#generation;
    const pager = new LinePager(file, this.#encoding, index);
    const offset = await this.#offsetOf(position);
    const page = await (direction === 'forward'
      ? pager.forward(offset, count)
      : pager.backward(offset, count));
    const first = page.lines[0];
    const number = first?.startKnown === true ? await index.lineAt(file, first.byteOffset) : undefined;
    const lines = page.lines.map((line, i) => ({
      ...line,
      line: number === undefined ? null : number + 1 + i,
    }));
    return { ...page, lines, size: file.size, generation };
  }

  /** Builds or completes the index, yielding how far it is; the last item covers the whole file. */
  async *buildIndex(signal?: AbortSignal): AsyncGenerator<IndexState, void> {
    let wake: () => void = () => undefined;
    let ended = false;
    const run = this.#queueIndexing(signal, () => wake()).finally(() => {
      ended = true;
      wake();
    });
    // Told to the consumer below, at the latest when the loop has ended.
    run.catch(() => undefined);
    while (!ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (ended) resolve();
      });
      if (!ended) yield this.indexState();
    }
    await run;
    yield this.indexState();
  }

  /** How far the index is. */
  indexState(): IndexState {
    return {
      coveredBytes: this.#index.coveredBytes,
      size: this.#file.size,
      lines: this.#index.lines,
      generation: this.#generation,
    };
  }

  /** Streams matching lines; see `searchLog`. Throws `log.changed` if the text is replaced meanwhile. */
  search(
    query: SearchQuery,
    options: Pick<SearchOptions, 'signal' | 'executable'> = {},
  ): AsyncGenerator<SearchItem, void> {
    return searchLog(this.#file, this.#encoding, query, {
      ...options,
      signal: this.#untilReplaced(options.signal),
      index: this.#index,
    });
  }

  /**
   * Follows the log: new lines, rewriting, rotation (which is followed into the
   * new file), vanishing and coming back. What was indexed stays indexed. A
   * second call ends the first.
   */
  async *follow(options: { signal?: AbortSignal; pollMs?: number } = {}): AsyncGenerator<LogEvent, void> {
    this.#follower?.abort();
    const follower = new AbortController();
    this.#follower = follower;
    const signal =
      options.signal === undefined ? follower.signal : AbortSignal.any([options.signal, follower.signal]);
    while (!signal.aborted) {
      for await (const { kind } of followLog(this.#file, { ...options, signal })) {
        if (kind === 'rewritten') this.#startAnew(changedUnderneath(this.path));
        if (kind === 'grown') await this.#indexGrowth(signal);
        if (kind === 'rotated' && !(await this.#switchToNewFile())) continue;
        if (!signal.aborted) yield { kind, ...this.indexState() };
        if (kind === 'rotated') break;
      }
    }
  }

  /**
   * Takes ranges of the shown text as evidence; see `takeExcerpt`. Throws
   * `log.changed` if the ranges were chosen in an earlier generation.
   */
  async excerpt(ranges: readonly ByteRange[], generation: number): Promise<Excerpt> {
    if (generation !== this.#generation) throw changedUnderneath(this.path);
    return takeExcerpt(this.#file, this.#encoding, ranges, this.#index);
  }

  async close(): Promise<void> {
    this.#follower?.abort();
    this.#work.abort();
    await this.#lastRun;
    await this.#retired?.close();
    await this.#file.close();
  }

  async #offsetOf(position: PagePosition): Promise<number> {
    if (position === 'end') return this.#file.size;
    if ('byteOffset' in position) return position.byteOffset;
    const offset = await this.#index.startOf(this.#file, position.line - 1);
    if (offset !== undefined) return offset;
    if (this.#index.coveredBytes >= this.#file.size) return this.#file.size;
    throw new LogError(
      'log.notIndexed',
      `Line ${position.line} is not counted yet. Wait for the line numbers or go by position.`,
      { line: position.line },
    );
  }

  #queueIndexing(signal: AbortSignal | undefined, onProgress: () => void): Promise<void> {
    const until = this.#untilReplaced(signal);
    this.#runs += 1;
    const run = this.#lastRun.then(async () => {
      try {
        do {
          await indexLog(this.#file, this.#encoding, this.#index, { signal: until, onProgress });
          until.throwIfAborted();
          // The file may have grown while its lines were counted.
        } while (this.#index.coveredBytes < this.#file.size);
        this.#keepsUp = true;
      } finally {
        this.#runs -= 1;
      }
    });
    // Whoever comes next waits for the end of this run, not for its success.
    this.#lastRun = run.catch(() => undefined);
    return run;
  }

  /** Keeps line numbers up to date where somebody asked for them; a run under way does it by itself. */
  async #indexGrowth(signal: AbortSignal): Promise<void> {
    if (this.#runs > 0 || !this.#keepsUp) return;
    try {
      await this.#queueIndexing(signal, () => undefined);
    } catch (thrown) {
      // The next look will find what happened; until then the numbers reach less far, and say so.
      if (!(thrown instanceof LogError) && !signal.aborted) throw thrown;
    }
  }

  /** False when the new file is gone again or may not be read: the follower then looks anew. */
  async #switchToNewFile(): Promise<boolean> {
    let next: LogFile;
    try {
      next = await LogFile.open(this.path);
    } catch (thrown) {
      if (thrown instanceof LogError) return false;
      throw thrown;
    }
    await this.#retired?.close();
    this.#retired = this.#file;
    this.#file = next;
    this.#startAnew(changedUnderneath(this.path));
    return true;
  }

  /** A new generation: ends what worked on the old one, for the given reason or as cancelled. */
  #startAnew(reason: LogError | undefined): void {
    this.#work.abort(reason);
    this.#work = new AbortController();
    this.#generation += 1;
    this.#index = new LineIndex(this.#encoding);
    this.#keepsUp = false;
  }

  #untilReplaced(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#work.signal : AbortSignal.any([signal, this.#work.signal]);
  }
}
