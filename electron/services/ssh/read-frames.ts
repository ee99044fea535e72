import type { Readable } from 'node:stream';

/** Larger messages are copied three times between processes (Electron), smaller ones cost a wake-up each. */
export const FRAME_BYTES = 64 * 1024;
const COALESCE_MS = 10;

/**
 * Reads one or more streams of a channel as frames of at most 64 KiB, only as fast as they are asked for:
 * when nobody asks, nothing is read, the SSH window is not reopened and the remote side stops.
 *
 * After silence the first bytes go out at once (key echo); while more keep coming, what arrives within
 * 10 ms is sent together. stderr is read here too, because both share one window: left unread it would
 * stall the channel for good. Ends with the last of the streams, or, once `giveUp` is aborted, with what
 * has arrived by then.
 */
export async function* readFrames(
  streams: readonly Readable[],
  now: () => number,
  giveUp?: AbortSignal,
): AsyncGenerator<Buffer> {
  const open = new Set(giveUp?.aborted === true ? [] : streams);
  let wake: () => void = () => undefined;
  const woken = () => new Promise<void>((resolve) => (wake = resolve));
  const onReadable = () => wake();
  const onEnd = new Map(
    streams.map((stream) => [
      stream,
      () => {
        open.delete(stream);
        wake();
      },
    ]),
  );
  for (const stream of streams) {
    stream.on('readable', onReadable);
    for (const event of ['end', 'close', 'error']) stream.on(event, onEnd.get(stream) ?? onReadable);
  }
  const onGiveUp = () => {
    open.clear();
    wake();
  };
  giveUp?.addEventListener('abort', onGiveUp);
  const available = () => streams.reduce((sum, stream) => sum + stream.readableLength, 0);
  let flushedAt = -Infinity;
  try {
    for (;;) {
      if (available() === 0) {
        // read() on an empty stream is what lets it emit 'end'.
        for (const stream of open) stream.read(0);
        if (open.size === 0) return;
        await woken();
        continue;
      }
      const waitMs = COALESCE_MS - (now() - flushedAt);
      if (waitMs > 0 && available() < FRAME_BYTES && open.size > 0) {
        await gathered(waitMs);
      }
      for (const stream of streams) {
        const size = Math.min(FRAME_BYTES, stream.readableLength);
        const frame: unknown = size > 0 ? stream.read(size) : undefined;
        if (frame instanceof Buffer) {
          flushedAt = now();
          yield frame;
        }
      }
    }
  } finally {
    giveUp?.removeEventListener('abort', onGiveUp);
    for (const stream of streams) {
      stream.off('readable', onReadable);
      for (const event of ['end', 'close', 'error']) stream.off(event, onEnd.get(stream) ?? onReadable);
    }
  }

  /** Until a frame is full or the time is up. */
  function gathered(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      const check = () => {
        if (available() < FRAME_BYTES && open.size > 0) return void (wake = check);
        clearTimeout(timer);
        resolve();
      };
      wake = check;
    });
  }
}
