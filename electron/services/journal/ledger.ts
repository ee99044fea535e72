import type { DomainEvent } from '#shared/events/envelope.ts';
import { type Hlc, observe, parseHlc } from '#shared/events/hlc.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import { type NamedBlob, namedBlobsIn } from '#shared/events/named-blobs.ts';
import { Outbox, type OutboxItem } from './outbox.ts';
import type { JournalRecord } from './record.ts';

/** Where a record stands. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly end: number;
}

/** The last event of this journal in a stream. */
export interface StreamHead {
  readonly id: string;
  readonly device: string;
  /** When it was written, by its hlc. */
  readonly ms: number;
  /** Only where the event itself is gone. */
  readonly hash?: string;
}

/** Runs remembered before the present one: what a push can tell the server. */
export const KEPT_RUNS = 32;

type OpenRecord = Extract<JournalRecord, { k: 'open' }>;

/** What the journal knows without reading the disk again: rebuilt from the records on opening. */
export class Ledger {
  hlc: Hlc = { ms: 0, counter: 0 };
  epoch: string | undefined;
  lastVerdictAt: string | undefined;
  /** The runs of the host that have written here, newest first. */
  runs: readonly string[] = [];
  readonly counters = new Map<string, number>();
  /** The last event of each stream: its hash is the next one's `prev`. */
  readonly lastOfStream = new Map<string, StreamHead>();
  readonly places = new Map<string, Place>();
  /** Accepted for good -> when. Kept to offer them again should the server forget. */
  readonly acceptedAt = new Map<string, string>();
  /** Hashes that facts of this device name in their data: attachments, as far as they are in the blob store. */
  readonly namedBlobs = new Map<string, NamedBlob>();
  readonly deliveredBlobs = new Set<string>();
  /** Given up by a person -> when at the latest (Unix milliseconds). */
  readonly releasedMs = new Map<string, number>();
  /** Segments of the first and the last record that name a blob. */
  readonly namedIn = new Map<string, { first: number; last: number }>();
  readonly #outbox = new Outbox();

  /**
   * Takes in one record that is on the disk.
   * @param recall gives a fact back that was settled before (only an `epoch` record asks).
   */
  apply(
    record: JournalRecord,
    place: Place,
    recall: (id: string) => DomainEvent | undefined = () => undefined,
  ): void {
    switch (record.k) {
      case 'open':
        for (const [name, value] of Object.entries(record.counters)) this.#raise(name, value);
        if (record.hlc !== undefined) this.see(record.hlc);
        if (record.run !== undefined && record.run !== this.runs[0])
          this.runs = [record.run, ...(record.before ?? this.runs)].slice(0, KEPT_RUNS + 1);
        this.epoch = record.epoch ?? this.epoch;
        this.lastVerdictAt = record.lastVerdictAt ?? this.lastVerdictAt;
        this.#takeOver(record, place);
        return;
      case 'counter':
        this.#raise(record.name, record.value);
        return;
      case 'clock':
        this.see(record.hlc);
        return;
      case 'events':
        for (const event of record.events) this.#addEvent(event, place);
        this.#release(record.released ?? []);
        return;
      case 'verdicts':
        this.epoch = record.epoch;
        this.lastVerdictAt = record.at;
        for (const verdict of record.verdicts) this.#settle(verdict, record.durable, record.at);
        return;
      case 'released':
        this.#release(record.ids);
        return;
      case 'epoch':
        // What another history held says nothing about this one.
        if (this.epoch !== undefined && this.epoch !== record.epoch) this.deliveredBlobs.clear();
        this.epoch = record.epoch;
        for (const id of record.reoffered) this.#reopen(id, recall(id));
        return;
      case 'blobs':
        for (const sha256 of record.delivered) this.deliveredBlobs.add(sha256);
    }
  }

  /** The segments up to this one are gone: forgets what stood in them. `heads` stay in the place of their events. */
  forget(segment: number, heads: ReadonlyMap<string, StreamHead>): void {
    for (const [id, place] of this.places) {
      if (place.segment > segment) continue;
      this.places.delete(id);
      this.#outbox.forget(id);
      this.acceptedAt.delete(id);
      this.releasedMs.delete(id);
    }
    for (const [stream, { id }] of this.lastOfStream) {
      if (this.places.has(id)) continue;
      const head = heads.get(stream);
      if (head === undefined) this.lastOfStream.delete(stream);
      else this.lastOfStream.set(stream, head);
    }
    for (const [sha256, { last }] of this.namedIn) {
      if (last > segment || !this.deliveredBlobs.has(sha256)) continue;
      this.namedIn.delete(sha256);
      this.namedBlobs.delete(sha256);
      this.deliveredBlobs.delete(sha256);
    }
  }

  isOpen(id: string): boolean {
    return this.#outbox.has(id);
  }

  /** Facts without a last word, in the order they were written. */
  outbox(): readonly OutboxItem[] {
    return this.#outbox.items();
  }

  isRefused(id: string): boolean {
    return this.#outbox.get(id)?.state === 'refused';
  }

  /** Moves the clock past a stamp. A text that is no stamp says nothing about the time. */
  see(hlc: string): void {
    this.hlc = observe(this.hlc, parseHlc(hlc));
  }

  #addEvent(event: DomainEvent, place: Place): void {
    if (this.places.has(event.id)) return;
    this.places.set(event.id, place);
    this.#outbox.add(event);
    const stamp = parseHlc(event.hlc);
    this.lastOfStream.set(event.stream, { id: event.id, device: event.device, ms: stamp.ms });
    this.hlc = observe(this.hlc, stamp);
    for (const blob of namedBlobsIn(event)) this.#name(blob, place);
  }

  #name(blob: NamedBlob, { segment }: Place): void {
    if (!this.namedBlobs.has(blob.sha256)) this.namedBlobs.set(blob.sha256, blob);
    const { first } = this.namedIn.get(blob.sha256) ?? { first: segment };
    this.namedIn.set(blob.sha256, { first, last: segment });
  }

  /** What stood in segments that were removed, or are about to be. */
  #takeOver({ device, heads = [], named = [], delivered = [] }: OpenRecord, place: Place): void {
    for (const { stream, id, hash, ms } of heads)
      if (!this.places.has(id)) this.lastOfStream.set(stream, { id, device, ms, hash });
    for (const blob of named) this.#name({ ...blob, kind: blob.kind }, place);
    for (const sha256 of delivered) this.deliveredBlobs.add(sha256);
  }

  #settle(verdict: Verdict, durable: boolean, at: string): void {
    const item = this.#outbox.get(verdict.id);
    if (item === undefined) return;
    if (verdict.verdict === 'refused') {
      this.#outbox.judge({ ...item, verdict, state: 'refused', isForgettable: !durable });
    } else if (durable) {
      this.#outbox.settle(verdict.id);
      this.acceptedAt.set(verdict.id, at);
    } else {
      this.#outbox.judge({ ...item, verdict, state: 'notDurable' });
    }
  }

  #reopen(id: string, event: DomainEvent | undefined): void {
    this.acceptedAt.delete(id);
    if (event !== undefined) this.#outbox.reopen(event);
  }

  #release(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#outbox.get(id)?.state !== 'refused') continue;
      this.#outbox.settle(id);
      this.releasedMs.set(id, this.hlc.ms);
    }
  }

  #raise(name: string, value: number): void {
    if (value > (this.counters.get(name) ?? 0)) this.counters.set(name, value);
  }
}
