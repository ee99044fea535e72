import { z } from 'zod';
import { call, type ServiceSpec, stream } from './define.ts';

/** Encodings a log can be shown in, by their WHATWG names. */
export const logEncoding = z.enum([
  'utf-8',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1252',
  'utf-16le',
  'utf-16be',
]);
export type LogEncodingName = z.infer<typeof logEncoding>;

/** Lines one page may have. */
export const PAGE_LINES = 2000;
/** Matching lines one search may deliver. */
export const SEARCH_HITS = 100_000;

const offset = z.int().nonnegative();
const logId = z.string().max(80);
const path = z.string().min(1).max(4096);
const nothing = z.object({});
const byLog = z.object({ logId });

const folderEntry = z.object({
  name: z.string(),
  /** What a link points at. */
  kind: z.enum(['folder', 'file', 'other']),
  size: z.number(),
  /** Milliseconds since 1970. */
  mtimeMs: z.number(),
});

/** How far the line numbers reach. The numbers are complete when `coveredBytes` is `size`. */
const indexState = {
  coveredBytes: offset,
  size: offset,
  /** Lines that begin in the covered bytes. */
  lines: offset,
  /** Raised when the text was replaced (rewritten, rotated, other encoding): earlier positions are void. */
  generation: z.int(),
};

const logLine = z.object({
  /** Counted from 1; null until the line numbers reach it. */
  line: z.int().nullable(),
  byteOffset: offset,
  /** Up to the start of the next line. */
  byteLength: offset,
  /** As in the file, without the line end; control characters are for the screen to make visible. */
  text: z.string(),
  /** Only the first 16 KiB are in `text`. */
  truncated: z.boolean(),
  /** False for a piece of a line so long that its start or end was not looked for. */
  startKnown: z.boolean(),
  endKnown: z.boolean(),
});
export type LogLine = z.infer<typeof logLine>;

const logPage = z.object({
  lines: z.array(logLine),
  atStart: z.boolean(),
  atEnd: z.boolean(),
  size: offset,
  generation: z.int(),
});
export type LogPage = z.infer<typeof logPage>;

const searchHit = z.object({
  line: z.int(),
  byteOffset: offset,
  /** Cut at 4 KiB. */
  text: z.string(),
  truncated: z.boolean(),
  /** Where `text` matches, in UTF-16 units. */
  ranges: z.array(z.object({ from: offset, to: offset })),
});
export type SearchHit = z.infer<typeof searchHit>;

const searchItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hits'), hits: z.array(searchHit) }),
  /** The last item. `more`: lines beyond the limit match, or were not looked at. */
  z.object({ kind: z.literal('end'), more: z.boolean(), engine: z.enum(['ripgrep', 'worker']) }),
]);
export type SearchItem = z.infer<typeof searchItem>;

const logEvent = z.object({
  kind: z.enum(['grown', 'rewritten', 'rotated', 'vanished', 'returned']),
  ...indexState,
});
export type LogEvent = z.infer<typeof logEvent>;

const fileIdentity = z.object({
  device: z.string(),
  inode: z.string(),
  size: offset,
  mtimeMs: z.number(),
  /** How many bytes from the start `headSha256` covers. */
  headBytes: offset,
  headSha256: z.string(),
});

/** Evidence (rule E1): original bytes, where they stood, and in which file. */
const excerpt = z.object({
  path: z.string(),
  encoding: logEncoding,
  ranges: z.array(
    z.object({
      byteOffset: offset,
      byteLength: offset,
      firstLine: z.int().optional(),
      lastLine: z.int().optional(),
    }),
  ),
  /** The ranges one after the other, undecoded; at most 4 MiB, so one `blobs.put` takes them. */
  bytes: z.instanceof(Uint8Array),
  sha256: z.string(),
  file: fileIdentity,
  /** What stands at the path now: the bytes are of the file that was open. */
  atPath: z.enum(['this file', 'another file', 'nothing']),
});

/**
 * Logs on this computer. Errors: `log.notFound`, `log.isDirectory`,
 * `log.notAFile`, `log.notADirectory`, `log.unreadable`, `log.readFailed`,
 * `log.vanished`, `log.changed`, `log.notOpen`, `log.tooManyOpen`,
 * `log.notIndexed`, `log.outOfRange`, `log.invalidPattern` (detail `reason`),
 * `log.searchFailed`, `log.searchTooSlow`, `log.indexFailed`,
 * `log.excerptTooLarge`, `log.workerLost`.
 */
export const logsService = {
  /** For an open-file dialog: at most 5,000 entries, folders first; without a path the home folder. */
  listFolder: call(
    z.object({ path: path.optional() }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(folderEntry),
      /** The folder holds more than is listed. */
      more: z.boolean(),
    }),
  ),
  /** Opens at once whatever the size. Without an encoding it is guessed. */
  open: call(
    z.object({ path, encoding: logEncoding.optional() }),
    z.object({ logId, path: z.string(), encoding: logEncoding, size: offset, generation: z.int() }),
  ),
  close: call(byLog, nothing),
  /** Shows the same bytes in another encoding; a new generation, so ask for lines and the index again. */
  setEncoding: call(
    z.object({ logId, encoding: logEncoding }),
    z.object({ size: offset, generation: z.int() }),
  ),
  /**
   * A page of lines. Forward: from the line that holds the position. Backward: what stands before the
   * position, in file order; `end` gives the last lines. Page on from the end of the last line, back from the
   * start of the first. Positions in bytes work at once; a line number needs the index to have come that far.
   */
  lines: call(
    z.object({
      logId,
      from: z.union([
        z.object({ byteOffset: offset }),
        z.object({ line: z.int().positive() }),
        z.literal('end'),
      ]),
      direction: z.enum(['forward', 'backward']),
      count: z.int().positive().max(PAGE_LINES),
    }),
    logPage,
  ),
  /** Counts the lines, telling how far it is; ends when done. Afterwards following keeps the count. */
  index: stream(byLog, z.object(indexState)),
  /** Matching lines in file order; cancel by leaving the stream. */
  search: stream(
    z.object({
      logId,
      pattern: z.string().min(1).max(10_000),
      kind: z.enum(['regex', 'text']).default('regex'),
      ignoreCase: z.boolean().default(false),
      limit: z.int().positive().max(SEARCH_HITS).default(10_000),
    }),
    searchItem,
    { window: 2000, cost: (item) => (item.kind === 'hits' ? Math.max(1, item.hits.length) : 1) },
  ),
  /** What happens to the file, until left; a second listener of the same log ends the first. */
  follow: stream(byLog, logEvent),
  /** Takes ranges as evidence. `generation` is that of the pages they were chosen from. */
  excerpt: call(
    z.object({
      logId,
      generation: z.int(),
      ranges: z
        .array(z.object({ byteOffset: offset, byteLength: z.int().positive() }))
        .min(1)
        .max(1000),
    }),
    excerpt,
  ),
} satisfies ServiceSpec;

/** The contract served over the port between host and log worker. */
export const logsContract = { logs: logsService };
