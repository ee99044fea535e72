import type { Transfer } from '#shared/host/sync.ts';
import {
  bytesPerSecond,
  NEW_METER,
  type RateMeter,
  secondsLeft,
  withBytes,
} from '#shared/sync/engine/rate-meter.ts';

type Kind = Transfer['kind'];

interface Running {
  doneBytes: number;
  totalBytes: number;
  meter: RateMeter;
}

/** Shorter ones are over before anybody has read of them. */
const WORTH_TELLING = 256 * 1024;
/** What a person waits for most comes first. */
const ORDER: readonly Kind[] = ['bootstrap', 'facts', 'attachments'];

/** Measures what is on its way, one transfer of each kind. */
export class TransferMeter {
  readonly #monotonicMs: () => number;
  readonly #running = new Map<Kind, Running>();
  #lastRate: number | null = null;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** What was measured last, over any kind; `null` when nothing was ever measured. */
  get lastBytesPerSecond(): number | null {
    return this.#lastRate;
  }

  begin(kind: Kind, totalBytes: number): void {
    this.#running.set(kind, { doneBytes: 0, totalBytes, meter: NEW_METER });
  }

  /** So many bytes are still to come; it begins when there is more than what has arrived. */
  expect(kind: Kind, leftBytes: number): void {
    const running = this.#running.get(kind);
    if (running !== undefined) running.totalBytes = running.doneBytes + leftBytes;
    else if (leftBytes > 0) this.begin(kind, leftBytes);
  }

  isRunning(kind: Kind): boolean {
    return this.#running.has(kind);
  }

  /** So many more bytes have arrived. */
  add(kind: Kind, bytes: number): void {
    const running = this.#running.get(kind);
    if (running === undefined || bytes <= 0) return;
    running.doneBytes += bytes;
    running.totalBytes = Math.max(running.totalBytes, running.doneBytes);
    running.meter = withBytes(running.meter, this.#monotonicMs(), bytes);
    this.#lastRate = running.meter.lastBytesPerSecond ?? this.#lastRate;
    if (kind === 'bootstrap' && running.doneBytes >= running.totalBytes) this.end(kind);
  }

  end(kind: Kind): void {
    this.#running.delete(kind);
  }

  /** What people are told of. */
  get current(): Transfer | null {
    for (const kind of ORDER) {
      const running = this.#running.get(kind);
      if (running === undefined || running.totalBytes < WORTH_TELLING) continue;
      const { doneBytes, totalBytes, meter } = running;
      const rate = bytesPerSecond(meter, this.#monotonicMs());
      const left = secondsLeft(totalBytes - doneBytes, rate);
      return { kind, doneBytes, totalBytes, bytesPerSecond: rate, secondsLeft: left };
    }
    return null;
  }
}
