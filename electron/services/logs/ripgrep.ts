import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { LogEncoding } from './encodings.ts';
import type { LineMatches } from './hit-preview.ts';
import { LogError } from './log-error.ts';
import { RipgrepOutput } from './ripgrep-output.ts';
import type { SearchQuery } from './search-query.ts';

/** A match longer than this is reported without its end, so a line of a gigabyte is not printed. */
const MATCH_BYTES = 2048;
/** A line's further matches arrive within this time, so a lone hit is shown without waiting for the next. */
const HOLD_MS = 50;
/** How long hits are gathered before they are handed on. */
const GATHER_MS = 10;
/** Half of what the pipe's buffer holds: gathering longer would make ripgrep wait. */
const FULL_BYTES = 32 * 1024;
/** Matches read for each line asked for, so that one line with millions of matches ends the search too. */
const MATCHES_PER_LINE = 200;
const REASON_CHARACTERS = 2000;

/** The ripgrep binary of this platform; `undefined` where the package brought none. */
export async function findRipgrep(): Promise<string | undefined> {
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    // A packaged application keeps executables beside its archive, not in it.
    return rgPath.replace(/([\\/]app\.asar)(?=[\\/])/, '$1.unpacked');
  } catch (thrown) {
    if (thrown instanceof Error) return undefined;
    throw thrown;
  }
}

export interface RipgrepSearch {
  readonly executable: string;
  readonly path: string;
  readonly encoding: LogEncoding;
  /** Lines end in CR LF, so `$` has to match before the CR. */
  readonly crlf: boolean;
  readonly query: SearchQuery;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields matching lines in file order as ripgrep finds them and returns
 * whether there may be more. Its finite automata run any pattern in linear
 * time. UTF-8 is searched as raw bytes; other encodings are transcoded by
 * ripgrep, whose offsets then are not those of the file.
 */
export async function* ripgrep(search: RipgrepSearch): AsyncGenerator<LineMatches[], { more: boolean }> {
  const { query, signal } = search;
  signal?.throwIfAborted();
  const child = start(search);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill, { once: true });
  const ended = watch(child);
  const output = new RipgrepOutput(search.encoding === 'utf-8', search.crlf);
  // Without a reader of its own Node throws away what is left when the process exits.
  child.stdout.on('readable', () => undefined);
  let sent = 0;
  try {
    for (;;) {
      const printed = await read(child.stdout, output.holdsLine);
      if (printed === 'ended') break;
      if (printed !== 'quiet') output.push(printed);
      const isTooMuch = output.lines > query.limit || output.matches > query.limit * MATCHES_PER_LINE;
      const lines = printed === 'quiet' || isTooMuch ? output.takeAll() : output.take();
      if (lines.length > 0 && sent < query.limit) yield lines.slice(0, query.limit - sent);
      sent += lines.length;
      if (isTooMuch) return { more: true };
    }
    const lines = output.takeAll();
    signal?.throwIfAborted();
    if (lines.length > 0 && sent < query.limit) yield lines.slice(0, query.limit - sent);
    await finish(ended, search);
    return { more: output.lines > query.limit };
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
    // Output nobody reads any more would keep the process from being reported as ended.
    child.stdout.destroy();
    await ended;
  }
}

type Ripgrep = ChildProcessByStdio<null, Readable, Readable>;

function start({ executable, path, encoding, crlf, query }: RipgrepSearch): Ripgrep {
  const options = [
    '--no-config',
    '--text', // a NUL does not end the search
    '--line-number',
    '--column',
    '--byte-offset',
    '--only-matching',
    '--no-filename',
    '--no-heading',
    '--line-buffered', // rare hits are seen at once
    '--color=never',
    `--max-columns=${MATCH_BYTES}`,
    // No guessing by byte order mark: offsets have to be those of the file.
    `--encoding=${encoding === 'utf-8' ? 'none' : encoding}`,
    query.ignoreCase ? '--ignore-case' : '--case-sensitive',
    ...(crlf ? ['--crlf'] : []),
    ...(query.kind === 'text' ? ['--fixed-strings'] : []),
    // In one argument with its option, and a path behind `--`: neither can be taken for an option.
    `--regexp=${query.pattern}`,
    '--',
    path,
  ];
  try {
    return spawn(executable, options, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  } catch (thrown) {
    // Node refuses arguments with a NUL.
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE') {
      throw invalidPattern('it contains a NUL character');
    }
    throw thrown;
  }
}

interface Ended {
  readonly code: number | null;
  readonly reason: string;
}

function watch(child: Ripgrep): Promise<Ended> {
  let reason = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (reason.length < REASON_CHARACTERS) reason += text;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, reason: error.message }));
    child.once('close', (code) => resolve({ code, reason: reason.trim() }));
  });
}

/** Exit 0: found, 1: nothing found, 2: an error, none: killed, for example by a file cut short under its memory map. */
async function finish(ended: Promise<Ended>, { path }: RipgrepSearch): Promise<void> {
  const { code, reason } = await ended;
  if (code === 0 || code === 1) return;
  const sentence = reason.replace(/^rg: /, '');
  if (/^(regex parse error|the literal |error parsing|compiled regex exceeds|regex)/i.test(sentence)) {
    throw invalidPattern(sentence);
  }
  throw new LogError(
    'log.searchFailed',
    `Searching ${path} stopped before its end (${sentence === '' ? 'the search process was ended' : sentence}). The hits so far are right; search again for the rest.`,
    { path, reason: sentence },
  );
}

/** The user's pattern is not a regular expression; `reason` is what the engine said. */
export function invalidPattern(reason: string): LogError {
  return new LogError('log.invalidPattern', `The search pattern cannot be used: ${reason}`, { reason });
}

/**
 * What was printed since the last read; `quiet` when a line is held and nothing
 * came for a while. Waits a little for more, because ripgrep prints hit by hit
 * and waking up for each of thousands costs more than the search itself.
 */
async function read(stdout: Readable, holdsLine: boolean): Promise<Buffer | 'ended' | 'quiet'> {
  for (;;) {
    if (stdout.readableEnded || stdout.destroyed) return 'ended';
    if (stdout.readableLength === 0 && !(await somethingHappens(stdout, holdsLine ? HOLD_MS : undefined)))
      return 'quiet';
    if (stdout.readableLength > 0 && stdout.readableLength < FULL_BYTES) await setTimeout(GATHER_MS);
    const chunk = stdout.read() as Buffer | null;
    if (chunk !== null) return chunk;
  }
}

/** True when the stream has bytes or an end; false when the time is up. */
async function somethingHappens(stdout: Readable, withinMs: number | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const happened = (): void => resolve(true);
  const events = ['readable', 'end', 'close'] as const;
  for (const event of events) stdout.once(event, happened);
  const stopWaiting = new AbortController();
  const waiting =
    withinMs === undefined ? promise : Promise.race([promise, quietAfter(withinMs, stopWaiting.signal)]);
  try {
    return await waiting;
  } finally {
    stopWaiting.abort();
    for (const event of events) stdout.off(event, happened);
  }
}

async function quietAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  // Rejects only when nobody waits for it any more.
  return setTimeout(ms, false, { signal }).catch(() => false);
}
