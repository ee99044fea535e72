import { randomUUID } from 'node:crypto';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import { HORIZON_MS, type Hlc, parseHlc } from '#shared/events/hlc.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import { type Clock, systemClock } from './clock.ts';
import { followRecords, readEvents } from './follow-records.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { JournalError } from './journal-error.ts';
import { type JournalLock, takeJournalLock } from './journal-lock.ts';
import { Ledger } from './ledger.ts';
import type { NamedBlob } from '#shared/events/named-blobs.ts';
import { type JournalProblem, openSegments } from './open-segments.ts';
import type { OutboxItem } from './outbox.ts';
import { readRecordAt } from './read-records.ts';
import type { JournalRecord } from './record.ts';
import { removeSettledSegments } from './retention.ts';
import { diskFiles, type SegmentFiles, setAsideSegments } from './segment-file.ts';
import { SegmentWriter } from './segment-writer.ts';
import { Stamper, type ToldStamp } from './stamper.ts';

export interface JournalOptions {
  readonly dir: string;
  readonly device: string;
  readonly actor: string;
  readonly clock?: Clock;
  readonly files?: SegmentFiles;
  /** A new segment begins behind this many bytes. */
  readonly segmentBytes?: number;
  /** Sets aside what is there (into `unfinished-<number>/`) and begins empty. */
  readonly startFresh?: boolean;
  /** Id of this run of the host; random when not given. */
  readonly run?: string;
}

/** Long enough that files are few, short enough to read one whole. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
const REOFFER_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * The facts of this device, append-only, on the disk before a promise
 * resolves. `docs/spec/journal.md` has the rules. Appends that come together
 * share one flush.
 */
export class Journal {
  readonly problems: readonly JournalProblem[];
  readonly #options: JournalOptions;
  readonly #clock: Clock;
  readonly #lock: JournalLock;
  readonly #ledger: Ledger;
  readonly #writer: SegmentWriter;
  readonly #commits: GroupCommit;
  readonly #stamper: Stamper;
  #isClosed = false;

  private constructor(
    options: JournalOptions,
    clock: Clock,
    { problems, ...commits }: Omit<GroupCommitOptions, 'device'> & { problems: readonly JournalProblem[] },
  ) {
    const { lock, ledger, writer } = commits;
    this.problems = problems;
    this.#options = options;
    this.#clock = clock;
    this.#lock = lock;
    this.#ledger = ledger;
    this.#writer = writer;
    this.#commits = new GroupCommit({ ...commits, device: options.device });
    this.#stamper = new Stamper({
      actor: options.actor,
      clock,
      ledger,
      commits: this.#commits,
      load: (id) => this.#load(id),
    });
  }

  /**
   * Opens the journal in `dir`, mends the end that a crash has torn, becomes its only owner and removes what is long settled.
   * @throws JournalError `journal.locked` while another process has it.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const clock = options.clock ?? systemClock();
    const { dir, device, files = diskFiles, run = randomUUID() } = options;
    const lock = await takeJournalLock(dir, clock.bootId);
    try {
      const ledger = new Ledger();
      if (options.startFresh === true) await setAsideSegments(dir, lock.fence, files);
      const opened = await openSegments(dir, ledger, files);
      const writer = new SegmentWriter(dir, files, options.segmentBytes ?? SEGMENT_BYTES, opened);
      const { problems, events } = opened;
      const hasSaidWhoOpened = await removeSettledSegments({
        dir,
        files,
        lock,
        ledger,
        writer,
        problems,
        events,
        device,
        run,
        nowMs: () => clock.nowMs(),
      });
      return new Journal(options, clock, { run, hasSaidWhoOpened, lock, ledger, writer, problems });
    } catch (thrown) {
      await lock.release(clock.bootId);
      throw thrown;
    }
  }

  /** Whose facts are written from now on. */
  get device(): string {
    return this.#commits.device;
  }

  /**
   * The present run of the host and the runs before it, newest first: by them the server sees when a profile was copied.
   * It stands in the journal before it is answered, or a crash could make the server take the next run for a copy's.
   * @throws JournalError
   */
  async run(): Promise<{ id: string; before: string[] }> {
    await this.#commits.sayWhoOpened();
    const [id = '', ...before] = this.#ledger.runs;
    return { id, before };
  }

  /** This laptop has got another identity: later facts are that device's, in chains of their own. Earlier ones keep theirs. */
  becomeDevice(device: string): Promise<void> {
    return this.#commits.becomeDevice(device);
  }

  /** The fencing number that this owner's records carry. */
  get fence(): number {
    return this.#lock.fence;
  }

  /** The folder is a copy, or was brought here from another disk, since it was last in use. */
  get isCopy(): boolean {
    return this.#lock.isCopy;
  }

  /** Of the server that answered last; `undefined` before the first answer. */
  get epoch(): string | undefined {
    return this.#ledger.epoch;
  }

  /** When the server last gave a verdict. */
  get lastVerdictAt(): string | undefined {
    return this.#ledger.lastVerdictAt;
  }

  /**
   * Stamps and writes the facts of one command, all or none. Drafts whose id is
   * there already are answered with the fact written first.
   * @param told for sample data only: whose fact it is and when it happened, instead of the user, now.
   * @throws JournalError `journal.diskFull`, `journal.failed`, `journal.tooLarge`, `journal.lostLock`, `journal.closed`.
   */
  async append(drafts: readonly EventDraft[], told?: ToldStamp): Promise<DomainEvent[]> {
    let written: DomainEvent[] = [];
    await this.#commits.enqueue(async (state) => {
      const fresh: DomainEvent[] = [];
      written = [];
      for (const draft of drafts) {
        const known = state.event(draft.id) ?? (await this.#load(draft.id));
        const event = known ?? (await this.#stamper.stamp(draft, state, told));
        if (known === undefined) fresh.push(event);
        written.push(event);
      }
      return fresh.length === 0 ? undefined : { k: 'events', events: fresh };
    });
    return written;
  }

  /** The next value of a counter: 1, 2, 3 … It is on the disk before it is given. */
  async takeNumber(name: string): Promise<number> {
    let value = 0;
    await this.#commits.enqueue(async (state) => {
      value = (state.counter(name) ?? this.#ledger.counters.get(name) ?? 0) + 1;
      state.setCounter(name, value);
      return { k: 'counter', name, value };
    });
    return value;
  }

  /**
   * Moves the clock past a stamp of another device, and writes it down: the wall clock may go back with the
   * next restart. Where the disk is full it counts until then.
   * @throws Error if the text is no stamp.
   */
  async observe(hlc: string): Promise<void> {
    const seen = parseHlc(hlc);
    // A stamp from beyond the horizon would leave this clock no later one that the server takes.
    if (seen.ms > HORIZON_MS || compareHlc(seen, this.#ledger.hlc) <= 0) return;
    try {
      await this.#commits.enqueue(async () => ({ k: 'clock', hlc }));
    } catch (thrown) {
      // What was seen is shown all the same: a full disk must not keep news from a reader.
      if (!(thrown instanceof JournalError) || thrown.code !== 'journal.diskFull') throw thrown;
      this.#ledger.see(hlc);
    }
  }

  /**
   * Keeps the last measured difference (server minus device) as evidence for the facts that follow; `undefined` when there is none any more.
   * @param uncertaintyMs the truth lies within this of `offsetMs`.
   */
  noteClockOffset(offsetMs: number | undefined, uncertaintyMs?: number): void {
    this.#stamper.noteClockOffset(offsetMs, uncertaintyMs);
  }

  /** Facts without a last word of the server, in the order they were written. */
  outbox(): readonly OutboxItem[] {
    return this.#ledger.outbox();
  }

  /** Whether the server has refused this fact, and nobody has given it up. */
  isRefused(id: string): boolean {
    return this.#ledger.isRefused(id);
  }

  /** Writes down what the server said; only then does it count. Verdicts on unknown facts are kept and mean nothing. */
  async applyVerdicts(answer: {
    epoch: string;
    durable: boolean;
    verdicts: readonly Verdict[];
  }): Promise<void> {
    if (answer.verdicts.length === 0) return;
    const at = new Date(this.#clock.nowMs()).toISOString();
    await this.#commits.enqueue(async () => ({
      k: 'verdicts',
      at,
      epoch: answer.epoch,
      durable: answer.durable,
      verdicts: [...answer.verdicts],
    }));
  }

  /**
   * Notes the epoch of the server. If it is another one than before, what was accepted in the last 30 days, and what was
   * refused and not given up, waits in the outbox again: the office cannot decide what its server has forgotten.
   * @returns how many facts will be offered again.
   */
  async enterEpoch(epoch: string): Promise<number> {
    const before = this.#ledger.epoch;
    if (before === epoch) return 0;
    const since = new Date(this.#clock.nowMs() - REOFFER_MS).toISOString();
    const reoffered =
      before === undefined
        ? []
        : [...this.#ledger.acceptedAt].filter(([, at]) => at >= since).map(([id]) => id);
    const events = new Map<string, DomainEvent>();
    for (const id of reoffered) {
      const event = await this.#load(id);
      if (event !== undefined) events.set(id, event);
    }
    for (const { event, state } of before === undefined ? [] : this.#ledger.outbox()) {
      if (state !== 'refused') continue;
      events.set(event.id, event);
      reoffered.push(event.id);
    }
    this.#commits.recalled = events;
    await this.#commits.enqueue(async () => ({ k: 'epoch', epoch, reoffered }));
    return reoffered.length;
  }

  /** A person gives up refused facts: they leave the outbox and hold back nothing any more. */
  async release(ids: readonly string[]): Promise<void> {
    await this.#commits.enqueue(async () => ({ k: 'released', ids: [...ids] }));
  }

  /** Whether the fact stands in this journal. */
  knows(id: string): boolean {
    return this.#ledger.places.has(id);
  }

  /**
   * A fact in the place of a refused one, which is given up in the same write.
   * @returns `undefined` when that one is not refused (any more); then nothing was written.
   * @throws JournalError as {@link append}.
   */
  async replaceRefused(eventId: string, draft: EventDraft): Promise<DomainEvent | undefined> {
    let written: DomainEvent | undefined;
    await this.#commits.enqueue(async (state) => {
      written = undefined;
      if (!this.#ledger.isRefused(eventId)) return undefined;
      written = await this.#stamper.stamp(draft, state);
      return { k: 'events', events: [written], released: [eventId] };
    });
    return written;
  }

  /** Hashes named by facts of this device that the server has not confirmed; some may name no attachment. */
  undeliveredBlobs(): string[] {
    return this.undeliveredNames().map(({ sha256 }) => sha256);
  }

  /** The same with the fact that names each first. */
  undeliveredNames(): NamedBlob[] {
    const { namedBlobs, deliveredBlobs } = this.#ledger;
    return [...namedBlobs.values()].filter(({ sha256 }) => !deliveredBlobs.has(sha256));
  }

  /** Writes down that the server holds these blobs for good. */
  async noteDeliveredBlobs(delivered: readonly string[]): Promise<void> {
    if (delivered.length > 0)
      await this.#commits.enqueue(async () => ({ k: 'blobs', delivered: [...delivered] }));
  }

  /** All facts in the journal, in the order they were written; `streams` keeps only those of some streams. */
  eventsOf(streams?: ReadonlySet<string>): AsyncGenerator<DomainEvent> {
    return readEvents(this.#options.dir, this.#commits, streams);
  }

  /**
   * Follows the journal without a gap: with `replay` every record so far, then
   * `live`, then each new record once it is on the disk.
   */
  follow(replay: boolean, signal: AbortSignal): AsyncGenerator<JournalRecord | 'live'> {
    return followRecords(this.#options.dir, this.#commits, { replay, signal });
  }

  /** Told of each record once it is on the disk. Returns how to stop. */
  onRecord(listener: (record: JournalRecord) => void): () => void {
    const one = (record: JournalRecord): void => listener(record);
    this.#commits.listeners.add(one);
    return () => this.#commits.listeners.delete(one);
  }

  /**
   * The last look at what is in here: nothing is written while `work` runs, and nothing any more once it has succeeded
   * (`journal.closed`). What was asked for meanwhile waits; when `work` fails, it is written.
   */
  endAfter<T>(work: () => Promise<T>): Promise<T> {
    return this.#commits.endAfter(work);
  }

  /** Waits for what is under way and lets the next owner in. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#commits.close();
    await this.#writer.close();
    await this.#lock.release(this.#clock.bootId);
  }

  async #load(id: string): Promise<DomainEvent | undefined> {
    const place = this.#ledger.places.get(id);
    if (place === undefined) return undefined;
    const record = await readRecordAt(this.#options.dir, place);
    return record?.k === 'events' ? record.events.find((event) => event.id === id) : undefined;
  }
}

function compareHlc(a: Hlc, b: Hlc): number {
  return a.ms === b.ms ? a.counter - b.counter : a.ms - b.ms;
}
