import { errorCode } from '#shared/host/errors.ts';
import type { SessionFacts } from '#shared/host/ssh.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import type {
  ExcerptBytes,
  LineSource,
  LogEncodingName,
  LogPage,
  LogLine,
  PagePosition,
  Query,
  SearchHit,
  SourceEvent,
  SourceState,
} from './line-source.ts';

/** Kept of a followed file; what came before is dropped from the page, never from the device. */
export const KEPT_BYTES = 32 * 1024 * 1024;
/** Shown of one line, as for files of this computer. */
const SHOWN_BYTES = 16 * 1024;
const HITS = 10_000;
const NEWLINE = 10;

interface RemoteLine {
  readonly byteOffset: number;
  readonly bytes: Uint8Array;
}

/**
 * A file on a device, followed over a session that is open already. It is held in memory line by line; when
 * that is full the oldest lines go. Positions are those of the file on the device.
 */
export class RemoteSource implements LineSource {
  readonly name: string;
  readonly encodings = ['utf-8', 'gb18030'] as const;
  readonly searchesRegex = false;
  readonly #host: HostClient;
  readonly #session: SessionFacts;
  readonly #path: string;
  readonly #leaving = new AbortController();
  readonly #listeners = new Set<(event: SourceEvent) => void>();
  #encoding: LogEncodingName = 'utf-8';
  #kept: RemoteLine[] = [];
  #keptBytes = 0;
  /** Lines that were dropped from the front. */
  #dropped = 0;
  /** A line whose end has not come. */
  #open: { byteOffset: number; pieces: Uint8Array[]; length: number } | undefined;
  #end = 0;
  /** Where following began: only from the first byte on are lines counted as the file counts them. */
  #from: number | undefined;
  #generation = 1;
  #ticking = false;

  constructor(host: HostClient, session: SessionFacts, path: string) {
    this.#host = host;
    this.#session = session;
    this.#path = path;
    this.name = path.split('/').at(-1) ?? path;
    void this.#follow();
  }

  get encoding(): LogEncodingName {
    return this.#encoding;
  }
  get state(): SourceState {
    return { start: this.#start, size: this.#end, coveredBytes: 0, lines: 0, generation: this.#generation };
  }

  async lines(from: PagePosition, direction: 'forward' | 'backward', count: number): Promise<LogPage> {
    const at = this.#indexOf(from);
    // Like the host's pages: forward from the line that holds the position, backward what stands before it.
    const first = direction === 'forward' ? at : Math.max(0, at - count);
    const last = direction === 'forward' ? Math.min(this.#kept.length, at + count) : at;
    return {
      lines: this.#kept.slice(first, last).map((line, i) => this.#shown(line, first + i)),
      atStart: first === 0,
      atEnd: last >= this.#kept.length,
      size: this.#end,
      generation: this.#generation,
    };
  }

  async *search(
    { pattern, ignoreCase }: Query,
    signal: AbortSignal,
  ): AsyncGenerator<{ hits: readonly SearchHit[]; more?: boolean }> {
    const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
    let hits: SearchHit[] = [];
    let count = 0;
    for (const [index, line] of [...this.#kept].entries()) {
      if (signal.aborted) return;
      const { text, byteOffset, truncated } = this.#shown(line, index);
      const ranges = rangesIn(ignoreCase ? text.toLowerCase() : text, wanted);
      if (ranges.length > 0) {
        hits.push({ line: index + 1 + this.#dropped, byteOffset, text, truncated, ranges });
        count += 1;
      }
      if (count >= HITS) break;
      if (index % 2000 === 1999) {
        yield { hits };
        hits = [];
        // Lets the page breathe between pieces.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    yield { hits, more: count >= HITS };
  }

  async setEncoding(encoding: LogEncodingName): Promise<void> {
    this.#encoding = encoding;
    this.#generation += 1;
    this.#tell({ kind: 'replaced', why: 'encoding', state: this.state });
  }

  onEvent(listener: (event: SourceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async excerpt(ranges: ReadonlyArray<{ byteOffset: number; byteLength: number }>): Promise<ExcerptBytes> {
    const { connection } = this.#session;
    const lines = this.#kept.filter(({ byteOffset }) =>
      ranges.some(
        (range) => byteOffset >= range.byteOffset && byteOffset < range.byteOffset + range.byteLength,
      ),
    );
    // Without a clock the excerpt is as good; the event then says nothing of it.
    const clock = await this.#host.ssh.clockOffset({ sessionId: this.#session.sessionId }).catch(() => null);
    return {
      bytes: joined(lines.map(({ bytes }) => bytes)),
      source: {
        path: this.#path,
        encoding: this.#encoding,
        ranges: ranges.map(({ byteOffset, byteLength }) => ({
          from: byteOffset,
          to: byteOffset + byteLength,
        })),
        host: `${connection.host}:${connection.port}`,
        hostKeyFingerprint: connection.hostKey.fingerprint,
        ...(clock !== null && { clockOffsetMs: clock.offsetMs }),
      },
    };
  }

  close(): void {
    this.#leaving.abort();
  }

  get #start(): number {
    return this.#kept[0]?.byteOffset ?? this.#open?.byteOffset ?? this.#end;
  }

  async #follow(): Promise<void> {
    try {
      const items = this.#host.ssh.tail(
        { sessionId: this.#session.sessionId, path: this.#path },
        { signal: this.#leaving.signal },
      );
      for await (const item of items) {
        if (item.kind === 'notice') this.#tell({ kind: 'said', message: item.message });
        else this.#take(item.offset, item.data);
      }
    } catch (thrown) {
      if (this.#leaving.signal.aborted) return;
      if (errorCode(thrown) === undefined) throw thrown;
      // Once it was readable, an end means that the session or the device's `tail` is gone.
      if (this.#from === undefined) this.#tell({ kind: 'said', message: explainError(thrown) });
      else this.#tell({ kind: 'notice', notice: 'ended' });
    }
  }

  #take(offset: number, data: Uint8Array): void {
    this.#from ??= offset;
    let at = 0;
    for (let feed = data.indexOf(NEWLINE); feed !== -1; feed = data.indexOf(NEWLINE, at)) {
      this.#append(offset + at, data.subarray(at, feed + 1));
      at = feed + 1;
      const { byteOffset, pieces } = this.#open ?? { byteOffset: offset, pieces: [] };
      this.#open = undefined;
      this.#keep({ byteOffset, bytes: joined(pieces) });
    }
    if (at < data.length) this.#append(offset + at, data.subarray(at));
    this.#end = offset + data.length;
    this.#tick();
  }

  #append(offset: number, piece: Uint8Array): void {
    this.#open ??= { byteOffset: offset, pieces: [], length: 0 };
    this.#open.pieces.push(piece);
    this.#open.length += piece.length;
    // A line without end is cut, or it would grow without bound.
    if (this.#open.length > SHOWN_BYTES * 64 && piece.at(-1) !== NEWLINE) {
      const { byteOffset, pieces } = this.#open;
      this.#open = undefined;
      this.#keep({ byteOffset, bytes: joined(pieces) });
    }
  }

  #keep(line: RemoteLine): void {
    this.#kept.push(line);
    this.#keptBytes += line.bytes.length;
    if (this.#keptBytes <= KEPT_BYTES) return;
    // A quarter at once: dropping line by line would move the whole list for each.
    let index = 0;
    while (this.#keptBytes > KEPT_BYTES * 0.75 && index < this.#kept.length) {
      this.#keptBytes -= this.#kept[index]?.bytes.length ?? 0;
      index += 1;
    }
    this.#kept = this.#kept.slice(index);
    if (this.#dropped === 0) this.#tell({ kind: 'notice', notice: 'dropped' });
    this.#dropped += index;
  }

  /** Tells of growth once a frame, however many pieces came. */
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setTimeout(() => {
      this.#ticking = false;
      this.#tell({ kind: 'changed', state: this.state });
    }, 50);
  }

  #indexOf(from: PagePosition): number {
    if (from === 'end') return this.#kept.length;
    if ('line' in from) return Math.min(this.#kept.length, Math.max(0, from.line - 1 - this.#dropped));
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const line = this.#kept[middle];
      if (line !== undefined && line.byteOffset + line.bytes.length <= from.byteOffset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #shown(line: RemoteLine, index: number): LogLine {
    const text = new TextDecoder(this.#encoding)
      .decode(line.bytes.subarray(0, SHOWN_BYTES))
      .replace(/\r?\n$/, '');
    return {
      line: this.#from === 0 ? index + 1 + this.#dropped : null,
      byteOffset: line.byteOffset,
      byteLength: line.bytes.length,
      text,
      truncated: line.bytes.length > SHOWN_BYTES,
      startKnown: true,
      endKnown: true,
    };
  }

  #tell(event: SourceEvent): void {
    if (this.#leaving.signal.aborted) return;
    for (const listener of this.#listeners) listener(event);
  }
}

function rangesIn(text: string, wanted: string): Array<{ from: number; to: number }> {
  const ranges: Array<{ from: number; to: number }> = [];
  for (
    let at = text.indexOf(wanted);
    at !== -1 && ranges.length < 100;
    at = text.indexOf(wanted, at + wanted.length)
  )
    ranges.push({ from: at, to: at + wanted.length });
  return ranges;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
