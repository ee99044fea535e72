import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FRAME_BYTES, readFrames } from './read-frames.ts';

const now = (): number => performance.now();

describe('frames', () => {
  test('[R17] give the first bytes after silence at once, and what follows closely together', async () => {
    const stream = new PassThrough();
    const frames = readFrames([stream], now);
    stream.write('a');
    expect((await frames.next()).value?.toString()).toBe('a');
    const next = frames.next();
    stream.write('b');
    stream.write('c');
    expect((await next).value?.toString()).toBe('bc');
    stream.end();
    expect((await frames.next()).done).toBe(true);
  });

  test('[R18] are of at most 64 KiB, and nothing is read that nobody asked for', async () => {
    let asked = 0;
    const stream = new Readable({
      highWaterMark: 256 * 1024,
      read() {
        asked += 1;
        this.push(Buffer.alloc(32 * 1024));
      },
    });
    const frames = readFrames([stream], now);
    for (let n = 0; n < 10; n += 1) {
      expect((await frames.next()).value?.length).toBeLessThanOrEqual(FRAME_BYTES);
    }
    // Ten frames were taken, at most the high-water mark is waiting.
    expect(asked).toBeLessThanOrEqual(10 * 2 + 8 + 1);
    stream.destroy();
  });

  test('[R18] come from the error stream too, and end when both have ended', async () => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const read: string[] = [];
    out.end('one');
    err.write('two');
    setImmediate(() => err.end());
    for await (const frame of readFrames([out, err], now)) read.push(frame.toString());
    expect(read.toSorted()).toEqual(['one', 'two']);
  });

  test('[R15] end with what has arrived when they are given up', async () => {
    const stream = new PassThrough();
    const giveUp = new AbortController();
    const frames = readFrames([stream], now, giveUp.signal);
    const waiting = frames.next();
    giveUp.abort();
    expect((await waiting).done).toBe(true);
  });
});
