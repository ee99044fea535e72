import type { LogEncoding } from './encodings.ts';
import { HitPreviews } from './hit-preview.ts';
import type { LineIndex } from './line-index.ts';
import { LogError } from './log-error.ts';
import type { LogFile } from './log-file.ts';
import { startLogTask, type LogTask } from './log-task.ts';
import { findRipgrep, invalidPattern, ripgrep } from './ripgrep.ts';
import type { ScanOrder, ScanReply } from './scan-lines.ts';
import type { SearchItem, SearchQuery } from './search-query.ts';

/** Without a sign of life for this long, an expression is taken to backtrack without end. */
const STALLED_MS = 10_000;
const HEAD_BYTES = 64 * 1024;

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Saves counting lines where the encoding makes ripgrep's offsets useless. */
  readonly index?: LineIndex | undefined;
  /** The ripgrep binary, `null` to do without; by default the one of the npm package. */
  readonly executable?: string | null | undefined;
  /** For tests: how long the fallback may show no sign of life. */
  readonly stalledMs?: number;
}

/**
 * Streams the matching lines of a file in file order, the last item saying
 * whether that was all. Leaving the loop or aborting ends the search at once.
 * Rejects with `log.invalidPattern`, `log.searchFailed`, `log.searchTooSlow`,
 * or the signal's reason.
 */
export async function* searchLog(
  file: LogFile,
  encoding: LogEncoding,
  query: SearchQuery,
  options: SearchOptions = {},
): AsyncGenerator<SearchItem, void> {
  const executable =
    options.executable === undefined ? await findRipgrep() : (options.executable ?? undefined);
  // ripgrep opens the path: where that names another file by now, only the open handle will do.
  if (executable === undefined || (await file.atPath()) !== 'this file') {
    yield* scan(file, encoding, query, options);
    return;
  }
  const { signal, index } = options;
  const head = await file.read(0, HEAD_BYTES);
  const previews = new HitPreviews(file, encoding, index);
  const matches = ripgrep({ executable, path: file.path, encoding, crlf: head.includes(13), query, signal });
  try {
    let next = await matches.next();
    while (next.done !== true) {
      yield { kind: 'hits', hits: await previews.hits(next.value) };
      next = await matches.next();
    }
    yield { kind: 'end', more: next.value.more, engine: 'ripgrep' };
  } finally {
    await matches.return({ more: true });
  }
}

async function* scan(
  file: LogFile,
  encoding: LogEncoding,
  query: SearchQuery,
  { signal, stalledMs = STALLED_MS }: SearchOptions,
): AsyncGenerator<SearchItem, void> {
  signal?.throwIfAborted();
  const replies: ScanReply[] = [];
  let failure: Error | undefined;
  let wake = (): void => undefined;
  const fail = (reason: Error): void => {
    failure ??= reason;
    wake();
  };
  let watchdog: NodeJS.Timeout | undefined;
  const expectSign = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => fail(tooSlow(query)), stalledMs);
  };
  const onAbort = (): void => fail(signal?.reason as Error);
  const order: ScanOrder = { task: 'scan', descriptor: file.descriptor, encoding, query };
  const thread: LogTask<never> = startLogTask<never, ScanReply>(order, {
    onReply(reply) {
      expectSign();
      replies.push(reply);
      wake();
    },
    onFailure: (reason) => fail(scanFailed(file.path, reason)),
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  expectSign();
  try {
    for (;;) {
      if (failure !== undefined) throw failure;
      const reply = replies.shift();
      if (reply === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (reply.kind === 'invalid') throw invalidPattern(reply.reason);
      if (reply.hits.length > 0) yield { kind: 'hits', hits: reply.hits };
      signal?.throwIfAborted();
      if (reply.end !== undefined) {
        yield { kind: 'end', more: reply.end.more, engine: 'worker' };
        return;
      }
    }
  } finally {
    clearTimeout(watchdog);
    signal?.removeEventListener('abort', onAbort);
    await thread.stop();
  }
}

function tooSlow(query: SearchQuery): LogError {
  return new LogError(
    'log.searchTooSlow',
    'The search made no progress and was stopped. The pattern repeats a repetition; write it with fewer of them.',
    { pattern: query.pattern },
  );
}

function scanFailed(path: string, reason: Error): LogError {
  const error = new LogError('log.searchFailed', `Searching ${path} failed (${reason.message}).`, { path });
  error.cause = reason;
  return error;
}
