import type { CastCode, CastEvent, CastHeader } from './asciicast.ts';

/** A recording read back: what could be read, and whether its end was torn by a crash. */
export interface Cast {
  readonly header: CastHeader;
  readonly events: readonly CastEvent[];
  /** True when the last line was cut off: the events before it are whole. */
  readonly torn: boolean;
}

/** The text is no asciicast v3, or a line in its middle is damaged. `line` counts from 1. */
export class CastFormatError extends Error {
  readonly code = 'recording.damaged';
  readonly line: number;

  constructor(line: number, what: string) {
    super(`Line ${line} of the recording ${what}.`);
    this.name = 'CastFormatError';
    this.line = line;
  }
}

const CODES: readonly string[] = ['o', 'r', 'm', 'x', 'i'] satisfies CastCode[];

/**
 * Reads a recording piece by piece, so that one of any size needs the memory of one line.
 * Give it decoded text in any chunking; it yields whole events and holds back an unfinished line,
 * which is exactly what a crash while writing leaves behind.
 */
export class CastReader {
  header: CastHeader | undefined;
  #rest = '';
  #line = 0;

  /** The events that became whole with this text. Throws CastFormatError. */
  *push(text: string): Generator<CastEvent> {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = this.#rest + text.slice(from, end);
      this.#rest = '';
      from = end + 1;
      this.#line += 1;
      if (this.header === undefined) this.header = parseHeader(line);
      else if (line !== '' && !line.startsWith('#')) {
        const event = parseEvent(line, this.#line);
        if (event !== undefined) yield event;
      }
    }
    this.#rest += text.slice(from);
  }

  /** Whether an unfinished line is held back; at the end of the file this means a torn recording. */
  get torn(): boolean {
    return this.#rest !== '';
  }
}

/** Reads a whole recording. Throws CastFormatError when the header or a line in the middle is damaged. */
export function readCast(text: string): Cast {
  const reader = new CastReader();
  const events = [...reader.push(text)];
  if (reader.header === undefined) throw new CastFormatError(1, 'is missing or cut off');
  return { header: reader.header, events, torn: reader.torn };
}

/** Everything the screen got, as one text. */
export function castOutput(events: Iterable<CastEvent>): string {
  let output = '';
  for (const event of events) if (event.code === 'o') output += event.data;
  return output;
}

function parseHeader(line: string): CastHeader {
  const value = parseJson(line, 1);
  if (!isRecord(value) || value['version'] !== 3) throw new CastFormatError(1, 'is no asciicast v3 header');
  const { term, timestamp, title, tags } = value;
  if (!isRecord(term) || !isCount(term['cols']) || !isCount(term['rows'])) {
    throw new CastFormatError(1, 'names no window size');
  }
  return {
    version: 3,
    term: {
      cols: term['cols'],
      rows: term['rows'],
      ...(typeof term['type'] === 'string' && { type: term['type'] }),
    },
    timestamp: typeof timestamp === 'number' ? timestamp : 0,
    ...(typeof title === 'string' && { title }),
    ...(Array.isArray(tags) && { tags: tags.filter((tag) => typeof tag === 'string') }),
  };
}

/** Unknown event codes are skipped, as the format asks of readers. */
function parseEvent(line: string, number: number): CastEvent | undefined {
  const value = parseJson(line, number);
  if (!Array.isArray(value)) throw new CastFormatError(number, 'is no event');
  const [interval, code, data] = value as unknown[];
  if (typeof interval !== 'number' || typeof code !== 'string' || typeof data !== 'string') {
    throw new CastFormatError(number, 'is no event');
  }
  if (!isCode(code)) return undefined;
  return { intervalMs: Math.round(interval * 1000), code, data };
}

function parseJson(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw new CastFormatError(number, 'is no JSON');
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function isCode(code: string): code is CastCode {
  return CODES.includes(code);
}
