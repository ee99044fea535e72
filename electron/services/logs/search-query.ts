/** What to look for. */
export interface SearchQuery {
  readonly pattern: string;
  /** `regex` as ripgrep understands it (https://docs.rs/regex); `text` takes every character literally. */
  readonly kind: 'regex' | 'text';
  readonly ignoreCase: boolean;
  /** Most matching lines to deliver. */
  readonly limit: number;
}

/** One matching line. */
export interface SearchHit {
  /** Counted from 1. */
  readonly line: number;
  /** Start of the line in the file. */
  readonly byteOffset: number;
  /** The line, cut at 4 KiB. */
  readonly text: string;
  readonly truncated: boolean;
  /** Where it matches, in UTF-16 units of `text`; matches behind the cut are not named. */
  readonly ranges: { from: number; to: number }[];
}

export type SearchItem =
  | { readonly kind: 'hits'; readonly hits: SearchHit[] }
  /** The last item. `more` says that matching lines beyond the limit exist or were not looked for. */
  | { readonly kind: 'end'; readonly more: boolean; readonly engine: 'ripgrep' | 'worker' };

/** Bytes of a hit's line that are shown. */
export const PREVIEW_BYTES = 4096;
/** Matches named in one line. */
export const RANGES_PER_LINE = 100;
