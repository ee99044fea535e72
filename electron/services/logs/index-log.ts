import { availableParallelism } from 'node:os';
import type { LogEncoding } from './encodings.ts';
import { type CountOrder, type CountReply, type CountRequest, endsWithLineFeed } from './count-lines.ts';
import type { LineIndex } from './line-index.ts';
import { changedUnderneath, LogError } from './log-error.ts';
import type { LogFile } from './log-file.ts';
import { COUNTER_BYTES, createNewlineCounter } from './newline-kernel.ts';
import { startLogTask, type LogTask } from './log-task.ts';

/** What one thread counts before it reports: a few milliseconds from memory, a tenth of a second from a hard disk. */
const SEGMENT_BYTES = 16 * COUNTER_BYTES;
/** Two threads reach the speed of memory; more only contend for it and for the disk. */
const THREADS = Math.min(2, availableParallelism());

export interface IndexOptions {
  readonly signal?: AbortSignal;
  /** Called from time to time with how far the index reaches. */
  readonly onProgress?: (coveredBytes: number) => void;
}

/**
 * Brings `index` up to the present size of the file: from the start for a new
 * index, else from its last full block. Counting happens in worker threads;
 * the index is usable for what it covers all the while. When cancelled it
 * rejects with the signal's reason and the index keeps what it has. Throws
 * `log.changed` when the file became shorter and `log.indexFailed`.
 */
export async function indexLog(
  file: LogFile,
  encoding: LogEncoding,
  index: LineIndex,
  options: IndexOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  const target = file.size;
  if (target - index.resumeAt <= COUNTER_BYTES) {
    await indexShort(file, encoding, index, target);
    options.onProgress?.(index.coveredBytes);
    return;
  }
  await indexInThreads(file, encoding, index, target, options);
  if (index.coveredBytes < target) throw changedUnderneath(file.path);
}

/** A short piece is counted here: starting a thread would take longer. */
async function indexShort(
  file: LogFile,
  encoding: LogEncoding,
  index: LineIndex,
  target: number,
): Promise<void> {
  const bytes = await file.read(index.resumeAt, target - index.resumeAt);
  const counter = createNewlineCounter(encoding);
  counter.buffer.set(bytes);
  index.append({
    counts: counter.countBlocks(bytes.length),
    byteLength: bytes.length,
    endsWithLineFeed: endsWithLineFeed(bytes, encoding),
  });
}

async function indexInThreads(
  file: LogFile,
  encoding: LogEncoding,
  index: LineIndex,
  target: number,
  options: IndexOptions,
): Promise<void> {
  const order: CountOrder = { task: 'count', descriptor: file.descriptor, encoding };
  const finished = new Map<number, CountReply>();
  let next = index.resumeAt;
  const threads: LogTask<CountRequest>[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const give = (thread: LogTask<CountRequest>): void => {
        if (next >= target) return;
        const to = Math.min(target, next + SEGMENT_BYTES);
        thread.send({ from: next, to });
        next = to;
      };
      const take = (reply: CountReply): void => {
        const before = index.coveredBytes;
        finished.set(reply.from, reply);
        let ready = finished.get(index.resumeAt);
        while (ready !== undefined) {
          finished.delete(ready.from);
          index.append(ready);
          const becameShorter = ready.byteLength < ready.to - ready.from;
          if (becameShorter || index.coveredBytes >= target) {
            resolve();
            return;
          }
          ready = finished.get(index.resumeAt);
        }
        if (index.coveredBytes > before) options.onProgress?.(index.coveredBytes);
      };
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), {
        once: true,
      });
      for (let i = 0; i < THREADS; i += 1) {
        const thread = startLogTask<CountRequest, CountReply>(order, {
          onReply: (reply) => {
            give(thread);
            take(reply);
          },
          onFailure: (reason) => reject(indexFailed(file.path, reason)),
        });
        threads.push(thread);
        // Two segments each, so that no thread waits for the next order.
        give(thread);
        give(thread);
      }
    });
  } finally {
    // Threads read through the file's descriptor: they are gone before anybody may close it.
    await Promise.all(threads.map((thread) => thread.stop()));
  }
  options.onProgress?.(index.coveredBytes);
}

function indexFailed(path: string, reason: Error): LogError {
  const error = new LogError(
    'log.indexFailed',
    `The lines of ${path} could not be counted (${reason.message}). The file can still be read and searched; line numbers are missing.`,
    { path },
  );
  error.cause = reason;
  return error;
}
