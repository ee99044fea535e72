import { readSync } from 'node:fs';
import type { LogEncoding } from './encodings.ts';
import type { BlockCounts } from './line-index.ts';
import { BLOCK_BYTES, COUNTER_BYTES, createNewlineCounter } from './newline-kernel.ts';
import { newlinesOf } from './newlines.ts';

export interface CountOrder {
  readonly task: 'count';
  readonly descriptor: number;
  readonly encoding: LogEncoding;
}

export interface CountRequest {
  readonly from: number;
  readonly to: number;
}

/** `byteLength` is less than asked for where the file became shorter. */
export interface CountReply extends CountRequest, BlockCounts {}

/** The work of a counting thread: answers each request with the counts of its blocks. */
export function createCounting(order: CountOrder): (request: CountRequest) => CountReply {
  const counter = createNewlineCounter(order.encoding);
  return ({ from, to }) => {
    const parts: Uint32Array[] = [];
    let at = from;
    let last: Buffer = Buffer.alloc(0);
    while (at < to) {
      const length = readSync(order.descriptor, counter.buffer, 0, Math.min(COUNTER_BYTES, to - at), at);
      if (length === 0) break;
      parts.push(counter.countBlocks(length));
      last = counter.buffer.subarray(0, length);
      at += length;
      // Blocks have to stay in step; a short read ends a file that became shorter.
      if (length % BLOCK_BYTES !== 0) break;
    }
    return {
      from,
      to,
      byteLength: at - from,
      counts: joined(parts),
      endsWithLineFeed: endsWithLineFeed(last, order.encoding),
    };
  };
}

/** Whether the last unit of the bytes is a line feed. */
export function endsWithLineFeed(bytes: Buffer, encoding: LogEncoding): boolean {
  const newlines = newlinesOf(encoding);
  return bytes.length >= newlines.size && newlines.next(bytes.subarray(-newlines.size), 0) === 0;
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
