import { errorCode } from '#shared/host/errors.ts';
import { logEncoding } from '#shared/host/logs.ts';
import type { HostClient } from '../../host/connect.ts';
import type {
  ExcerptBytes,
  LineSource,
  LogEncodingName,
  LogPage,
  PagePosition,
  Query,
  SearchHit,
  SourceEvent,
  SourceState,
} from './line-source.ts';

/** A log file of this computer, read by the host. */
export class LocalSource implements LineSource {
  readonly name: string;
  readonly encodings = logEncoding.options;
  readonly searchesRegex = true;
  readonly path: string;
  readonly #host: HostClient;
  readonly #logId: string;
  readonly #leaving = new AbortController();
  readonly #listeners = new Set<(event: SourceEvent) => void>();
  #indexing = new AbortController();
  #encoding: LogEncodingName;
  #state: SourceState;

  private constructor(
    host: HostClient,
    opened: { logId: string; path: string; encoding: LogEncodingName; size: number; generation: number },
  ) {
    this.#host = host;
    this.#logId = opened.logId;
    this.path = opened.path;
    this.name = opened.path.split(/[/\\]/).at(-1) ?? opened.path;
    this.#encoding = opened.encoding;
    this.#state = { start: 0, size: opened.size, generation: opened.generation, coveredBytes: 0, lines: 0 };
    void this.#index();
    void this.#follow();
  }

  /** Opens a file at once, whatever its size. @throws HostError with a code of `log`. */
  static async open(host: HostClient, path: string): Promise<LocalSource> {
    return new LocalSource(host, await host.logs.open({ path }));
  }

  get encoding(): LogEncodingName {
    return this.#encoding;
  }
  get state(): SourceState {
    return this.#state;
  }

  lines(from: PagePosition, direction: 'forward' | 'backward', count: number): Promise<LogPage> {
    return this.#host.logs.lines({ logId: this.#logId, from, direction, count });
  }

  async *search(
    { pattern, ignoreCase }: Query,
    signal: AbortSignal,
  ): AsyncGenerator<{ hits: readonly SearchHit[]; more?: boolean }> {
    for await (const item of this.#host.logs.search(
      { logId: this.#logId, pattern, ignoreCase },
      { signal },
    )) {
      yield item.kind === 'hits' ? { hits: item.hits } : { hits: [], more: item.more };
    }
  }

  async setEncoding(encoding: LogEncodingName): Promise<void> {
    const { size, generation } = await this.#host.logs.setEncoding({ logId: this.#logId, encoding });
    this.#encoding = encoding;
    this.#startAnew({ start: 0, size, generation, coveredBytes: 0, lines: 0 }, 'encoding');
  }

  onEvent(listener: (event: SourceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async excerpt(ranges: ReadonlyArray<{ byteOffset: number; byteLength: number }>): Promise<ExcerptBytes> {
    const taken = await this.#host.logs.excerpt({
      logId: this.#logId,
      generation: this.#state.generation,
      ranges: [...ranges],
    });
    return {
      bytes: taken.bytes,
      source: {
        path: taken.path,
        encoding: taken.encoding,
        ranges: taken.ranges.map(({ byteOffset, byteLength }) => ({
          from: byteOffset,
          to: byteOffset + byteLength,
        })),
      },
    };
  }

  close(): void {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort();
    this.#indexing.abort();
    // A host that is gone has closed it already.
    this.#host.logs.close({ logId: this.#logId }).catch(() => undefined);
  }

  /** Counts the lines of the present generation; a replaced text is counted anew. */
  async #index(): Promise<void> {
    const mine = new AbortController();
    this.#indexing = mine;
    try {
      for await (const state of this.#host.logs.index({ logId: this.#logId }, { signal: mine.signal })) {
        if (mine.signal.aborted) return;
        if (state.generation === this.#state.generation) this.#become({ start: 0, ...state });
      }
    } catch (thrown) {
      // A text that was replaced meanwhile is told by following.
      if (
        !mine.signal.aborted &&
        errorCode(thrown) !== 'log.changed' &&
        errorCode(thrown) !== 'host.cancelled'
      )
        this.#tell({ kind: 'failed', thrown });
    }
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#host.logs.follow(
        { logId: this.#logId },
        { signal: this.#leaving.signal },
      )) {
        const { kind, ...now } = event;
        const state = { start: 0, ...now };
        if (kind === 'vanished' || kind === 'returned') this.#tell({ kind: 'notice', notice: kind });
        else if (state.generation !== this.#state.generation)
          this.#startAnew(state, kind === 'rotated' ? 'rotated' : 'rewritten');
        else this.#become(state);
      }
    } catch (thrown) {
      if (!this.#leaving.signal.aborted) this.#tell({ kind: 'failed', thrown });
    }
  }

  #startAnew(state: SourceState, why: 'rewritten' | 'rotated' | 'encoding'): void {
    this.#indexing.abort();
    this.#state = state;
    this.#tell({ kind: 'replaced', why, state });
    void this.#index();
  }

  #become(state: SourceState): void {
    // Index and follower tell independently; the one that has come further is right.
    const ahead = state.coveredBytes >= this.#state.coveredBytes ? state : this.#state;
    this.#state = {
      start: 0,
      generation: state.generation,
      size: Math.max(state.size, this.#state.size),
      coveredBytes: ahead.coveredBytes,
      lines: ahead.lines,
    };
    this.#tell({ kind: 'changed', state: this.#state });
  }

  #tell(event: SourceEvent): void {
    if (this.#leaving.signal.aborted) return;
    for (const listener of this.#listeners) listener(event);
  }
}
