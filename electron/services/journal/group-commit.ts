import type { DomainEvent } from '#shared/events/envelope.ts';
import { JournalError } from './journal-error.ts';
import type { JournalLock } from './journal-lock.ts';
import type { Ledger } from './ledger.ts';
import { openRecord } from './open-record.ts';
import type { JournalEnd } from './read-records.ts';
import { frameRecord, MAX_PAYLOAD_BYTES } from './record-frame.ts';
import type { JournalRecord } from './record.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { Tentative } from './tentative.ts';

type Unfenced<R> = R extends unknown ? Omit<R, 'f'> : never;
/** A record before it has its owner's number. */
export type RecordBody = Unfenced<JournalRecord>;

/** Decides what is written, if anything, on top of what was decided before it in the same flush. */
export type Prepare = (state: Tentative) => Promise<RecordBody | undefined>;

interface Job {
  readonly prepare: Prepare;
  /** Who has opened the journal is written down even if nothing else is. */
  readonly saysWhoOpened: boolean;
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

export interface GroupCommitOptions {
  readonly device: string;
  /** Id of this run of the host. */
  readonly run: string;
  /** The run stands in the journal already. */
  readonly hasSaidWhoOpened: boolean;
  readonly lock: JournalLock;
  readonly ledger: Ledger;
  readonly writer: SegmentWriter;
}

/**
 * Writes what is asked for at the same time with one flush, in the order of
 * asking. Nothing is decided before its turn and nothing decided counts before
 * it is on the disk, so a failed write leaves no trace.
 */
export class GroupCommit {
  readonly listeners = new Set<(record: JournalRecord) => void>();
  /** Settled facts that an `epoch` record under way opens again. */
  recalled: ReadonlyMap<string, DomainEvent> = new Map();
  readonly #options: GroupCommitOptions;
  #device: string;
  /** Hash of the last event of each stream, as far as it was needed yet. */
  readonly #heads = new Map<string, string>();
  #queue: Job[] = [];
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  #saidWhoOpened: boolean;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#device = options.device;
    this.#saidWhoOpened = options.hasSaidWhoOpened;
  }

  get device(): string {
    return this.#device;
  }

  /** Resolves once the present run stands in the journal. @throws JournalError */
  sayWhoOpened(): Promise<void> {
    return this.#saidWhoOpened ? Promise.resolve() : this.#add(async () => undefined, true);
  }

  /** From the next record on this is another device, with chains of its own. */
  async becomeDevice(device: string): Promise<void> {
    await this.settled(() => {
      this.#device = device;
      this.#heads.clear();
      this.#saidWhoOpened = false;
    });
    await this.sayWhoOpened();
  }

  /** Resolves when what `prepare` decided is on the disk. @throws JournalError */
  enqueue(prepare: Prepare): Promise<void> {
    return this.#add(prepare, false);
  }

  #add(prepare: Prepare, saysWhoOpened: boolean): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#queue.push({ prepare, saysWhoOpened, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  /** Hash of the last event of a stream, when it has been needed before. */
  headOf(stream: string): string | undefined {
    return this.#heads.get(stream);
  }

  /** Where the journal ends once nothing is under way; `then` runs at that very moment. */
  async settled(then?: () => void): Promise<JournalEnd> {
    while (this.#flushing !== undefined) await this.#flushing;
    then?.();
    return this.#options.writer.end;
  }

  /** Takes nothing new and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
  }

  /**
   * Writes nothing while `work` runs: what is asked for waits. When it succeeds nothing is taken any more; when it fails,
   * writing goes on.
   */
  async endAfter<T>(work: () => Promise<T>): Promise<T> {
    const held = Promise.withResolvers<void>();
    await this.settled(() => {
      this.#flushing = held.promise;
    });
    try {
      const outcome = await work();
      this.#isClosed = true;
      for (const job of this.#queue.splice(0)) job.reject(closed());
      return outcome;
    } finally {
      this.#flushing = this.#queue.length > 0 ? this.#flushAll() : undefined;
      held.resolve();
    }
  }

  async #flushAll(): Promise<void> {
    // Lets everything that is asked for in this turn share the first flush.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const jobs = this.#queue;
      this.#queue = [];
      await this.#flush(jobs);
    }
    this.#flushing = undefined;
  }

  async #flush(jobs: readonly Job[]): Promise<void> {
    const { lock, ledger, writer } = this.#options;
    const state = new Tentative(ledger.hlc);
    const records: JournalRecord[] = [];
    const frames: Buffer[] = [];
    const ready: Job[] = [];
    const add = (body: RecordBody): void => {
      const record = { ...body, f: lock.fence } as JournalRecord;
      frames.push(frame(record));
      records.push(record);
    };
    if (!this.#saidWhoOpened || writer.startsSegment)
      add(openRecord(ledger, { device: this.#device, run: this.#options.run }));
    const own = records.length;
    let mustWrite = false;
    for (const job of jobs) {
      const fork = state.fork();
      try {
        const body = await job.prepare(fork);
        if (body !== undefined) add(body);
        if (job.saysWhoOpened && !this.#saidWhoOpened) mustWrite = true;
        state.absorb(fork);
        ready.push(job);
      } catch (thrown) {
        job.reject(thrown);
      }
    }
    try {
      if (mustWrite || records.length > own) await this.#commit(records, frames);
      for (const [stream, hash] of state.heads()) this.#heads.set(stream, hash);
    } catch (thrown) {
      for (const job of ready) job.reject(thrown);
      return;
    }
    for (const job of ready) job.resolve();
  }

  async #commit(records: readonly JournalRecord[], frames: readonly Buffer[]): Promise<void> {
    const { lock, ledger, writer } = this.#options;
    if (!lock.isHeld()) {
      throw new JournalError(
        'journal.lostLock',
        'Another Faultline has taken over this data folder. This one can save no more; restart it.',
      );
    }
    const places = await writer.write(frames);
    this.#saidWhoOpened = true;
    records.forEach((record, index) => {
      const place = places[index];
      if (place === undefined) return;
      ledger.apply(record, place, (id) => this.recalled.get(id));
      for (const listener of this.listeners) listener(record);
    });
  }
}

const closed = (): JournalError => new JournalError('journal.closed', 'Faultline is closing.');

function frame(record: JournalRecord): Buffer {
  try {
    return frameRecord(record);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new JournalError(
      'journal.tooLarge',
      'This is too much to save in one step. Attach large content as a file instead.',
      {
        limit: MAX_PAYLOAD_BYTES,
      },
    );
  }
}
