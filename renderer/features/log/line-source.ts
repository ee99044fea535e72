import type { LogEncodingName, LogLine, LogPage, SearchHit } from '#shared/host/logs.ts';

export type PagePosition = { byteOffset: number } | { line: number } | 'end';

/** How far the line numbers reach, and how long the log is now. */
export interface SourceState {
  /** Where what can be shown begins: 0 for a file, later for a stream whose oldest lines were dropped. */
  readonly start: number;
  /** Where it ends. */
  readonly size: number;
  readonly generation: number;
  readonly coveredBytes: number;
  /** Lines counted so far; only of use when `coveredBytes` is `size`. */
  readonly lines: number;
}

export interface Query {
  readonly pattern: string;
  readonly ignoreCase: boolean;
}

export type SourceEvent =
  | { readonly kind: 'changed'; readonly state: SourceState }
  /** The text was replaced: positions of before mean nothing. */
  | {
      readonly kind: 'replaced';
      readonly why: 'rewritten' | 'rotated' | 'encoding';
      readonly state: SourceState;
    }
  /** Something to know that leaves the text as it is, as a key of the texts. */
  | { readonly kind: 'notice'; readonly notice: 'vanished' | 'returned' | 'dropped' | 'ended' }
  /** What the device says, or an error of following it. */
  | { readonly kind: 'said'; readonly message: string }
  | { readonly kind: 'failed'; readonly thrown: unknown };

/** What a viewer pages through: a file of this computer, or what came of a file on a device. */
export interface LineSource {
  readonly name: string;
  readonly encodings: readonly LogEncodingName[];
  readonly encoding: LogEncodingName;
  readonly state: SourceState;
  /** Regular expressions are for the engine of the host alone; what only a page holds is searched for text. */
  readonly searchesRegex: boolean;
  lines(from: PagePosition, direction: 'forward' | 'backward', count: number): Promise<LogPage>;
  search(query: Query, signal: AbortSignal): AsyncIterable<{ hits: readonly SearchHit[]; more?: boolean }>;
  setEncoding(encoding: LogEncodingName): Promise<void>;
  /** Told of every change until the returned function is called. */
  onEvent(listener: (event: SourceEvent) => void): () => void;
  /** Takes the ranges as evidence: the original bytes and all that says where they come from. */
  excerpt(ranges: ReadonlyArray<{ byteOffset: number; byteLength: number }>): Promise<ExcerptBytes>;
  close(): void;
}

export interface ExcerptBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly source: {
    readonly path: string;
    readonly encoding: string;
    readonly ranges: Array<{ from: number; to: number }>;
    readonly host?: string;
    readonly hostKeyFingerprint?: string;
    readonly clockOffsetMs?: number;
  };
}

export type { LogEncodingName, LogLine, LogPage, SearchHit };
