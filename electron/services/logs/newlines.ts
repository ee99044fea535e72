import type { LogEncoding } from './encodings.ts';

/**
 * Finds line ends in a window of raw bytes. For UTF-16 the window has to begin
 * at an even offset of the file.
 */
export interface Newlines {
  /** Bytes of a line feed: 1, or 2 in UTF-16. */
  readonly size: 1 | 2;
  /** Index of the first line feed at or after `from`, -1 if there is none. */
  next(bytes: Buffer, from: number): number;
  /** Index of the last line feed that begins before `before`, -1 if there is none. */
  previous(bytes: Buffer, before: number): number;
  /** How many bytes at the end of a line's content, line feed excluded, are a carriage return. */
  returnSize(content: Uint8Array): number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

const single: Newlines = {
  size: 1,
  next: (bytes, from) => bytes.indexOf(LINE_FEED, from),
  previous: (bytes, before) => (before <= 0 ? -1 : bytes.lastIndexOf(LINE_FEED, before - 1)),
  returnSize: (content) => (content.at(-1) === CARRIAGE_RETURN ? 1 : 0),
};

const little = double(Buffer.from([LINE_FEED, 0]), [CARRIAGE_RETURN, 0]);
const big = double(Buffer.from([0, LINE_FEED]), [0, CARRIAGE_RETURN]);

/** A pair of bytes at an odd offset is the end of one character and the start of another: no line feed. */
function double(lineFeed: Buffer, carriageReturn: readonly [number, number]): Newlines {
  return {
    size: 2,
    next(bytes, from) {
      let at = bytes.indexOf(lineFeed, from);
      while (at % 2 === 1) at = bytes.indexOf(lineFeed, at + 1);
      return at;
    },
    previous(bytes, before) {
      if (before <= 0) return -1;
      let at = bytes.lastIndexOf(lineFeed, before - 1);
      while (at > 0 && at % 2 === 1) at = bytes.lastIndexOf(lineFeed, at - 1);
      return at;
    },
    returnSize: (content) =>
      content.at(-2) === carriageReturn[0] && content.at(-1) === carriageReturn[1] ? 2 : 0,
  };
}

/** The line ends of an encoding. */
export function newlinesOf(encoding: LogEncoding): Newlines {
  if (encoding === 'utf-16le') return little;
  return encoding === 'utf-16be' ? big : single;
}
