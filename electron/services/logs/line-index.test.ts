import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEncoding } from './encodings.ts';
import { LineIndex } from './line-index.ts';
import type { ByteSource } from './log-file.ts';
import { BLOCK_BYTES, COUNTER_BYTES, createNewlineCounter } from './newline-kernel.ts';

/** A log of `bytes` bytes whose line lengths come from a small generator, so a failure can be repeated. */
function logOf(bytes: number, seed: number): Buffer {
  const log = Buffer.alloc(bytes, 'log line ');
  let state = seed;
  let at = 0;
  while (at < bytes) {
    log[at] = 10;
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    at += 1 + (state % 97 === 0 ? state % 70_000 : state % 120);
  }
  return log;
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
  };
}

function grow(index: LineIndex, log: Buffer, to: number, encoding: LogEncoding = 'utf-8'): void {
  const counter = createNewlineCounter(encoding);
  while (index.coveredBytes < to) {
    const from = index.resumeAt;
    const piece = log.subarray(from, Math.min(to, from + COUNTER_BYTES));
    counter.buffer.set(piece);
    const endsWithLineFeed = piece.at(-1) === 10;
    index.append({ counts: counter.countBlocks(piece.length), byteLength: piece.length, endsWithLineFeed });
  }
}

describe('the line index', () => {
  it('[L5] grown in any steps equals the index of the whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 * BLOCK_BYTES }),
        fc.integer({ min: 1, max: 2 ** 30 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        (bytes, seed, cuts) => {
          const log = logOf(bytes, seed);
          const whole = new LineIndex('utf-8');
          grow(whole, log, bytes);
          const grown = new LineIndex('utf-8');
          for (const cut of cuts.toSorted((a, b) => a - b)) grow(grown, log, Math.floor(cut * bytes));
          grow(grown, log, bytes);
          expect(grown.snapshot()).toEqual(whole.snapshot());
          const text = log.toString('latin1');
          expect(whole.lines).toBe(text === '' ? 0 : text.replace(/\n$/, '').split('\n').length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('[L5] names the line of every offset and the start of every line', async () => {
    const log = logOf(3 * BLOCK_BYTES + 777, 42);
    const source = sourceOf(log);
    const index = new LineIndex('utf-8');
    grow(index, log, log.length);
    let line = 0;
    for (let at = 0; at < log.length; at += 1) {
      const startsLine = at === 0 || log[at - 1] === 10;
      if (at > 0 && startsLine) line += 1;
      if (startsLine) expect(await index.startOf(source, line)).toBe(at);
      if (startsLine || at % 997 === 0) expect(await index.lineAt(source, at)).toBe(line);
    }
    expect(index.lineFeeds).toBe(log.filter((byte) => byte === 10).length);
    expect(await index.startOf(source, index.lineFeeds + 1)).toBeUndefined();
    expect(await index.lineAt(source, log.length + 1)).toBeUndefined();
  });

  it('[L5] keeps line numbers and offsets beyond 2^32 exact', async () => {
    const index = new LineIndex('utf-8');
    const fullOfLineFeeds = new Uint32Array(1024).fill(BLOCK_BYTES);
    for (let i = 0; i < 160; i += 1) {
      index.append({ counts: fullOfLineFeeds, byteLength: 1024 * BLOCK_BYTES, endsWithLineFeed: true });
    }
    const size = 160 * 1024 * BLOCK_BYTES;
    const source: ByteSource = { size, read: async (_, length) => Buffer.alloc(length, 10) };
    expect(size).toBeGreaterThan(2 ** 32);
    expect(index.lines).toBe(size);
    expect(await index.startOf(source, 2 ** 32 + 5)).toBe(2 ** 32 + 5);
    expect(await index.lineAt(source, 2 ** 32 + 70_000)).toBe(2 ** 32 + 70_000);
  });

  it('[L5] takes no more than 3 bytes a line of an ordinary log', () => {
    const log = Buffer.alloc(COUNTER_BYTES, `${'x'.repeat(94)}\n`);
    const index = new LineIndex('utf-8');
    const counter = createNewlineCounter('utf-8');
    counter.buffer.set(log);
    const counts = counter.countBlocks(log.length);
    for (let i = 0; i < 64; i += 1) index.append({ counts, byteLength: log.length, endsWithLineFeed: false });
    expect(index.memoryBytes / index.lines).toBeLessThan(3);
  });
});

describe('counting line feeds', () => {
  it.each<LogEncoding>(['utf-8', 'utf-16le', 'utf-16be'])(
    '[L5] gives the same with and without SIMD (%s)',
    (encoding) => {
      const fast = createNewlineCounter(encoding, true);
      const plain = createNewlineCounter(encoding, false);
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: COUNTER_BYTES / 2 }),
          fc.array(fc.constantFrom(0, 10, 13, 65, 255), { minLength: 1, maxLength: 61 }),
          (units, pattern) => {
            const log = Buffer.alloc(units * 2, Buffer.from(pattern));
            fast.buffer.set(log);
            plain.buffer.set(log);
            expect(fast.countBlocks(log.length)).toEqual(plain.countBlocks(log.length));
          },
        ),
        { numRuns: 40 },
      );
    },
  );
});
