import type { DomainEvent } from '#shared/events/envelope.ts';
import { type Hlc, observe, parseHlc } from '#shared/events/hlc.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import { type NamedBlob, namedBlobsIn } from './named-blobs.ts';
import type { JournalRecord } from './record.ts';

/** Where a record stands. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly end: number;
}

/** Runs remembered before the present one: what a push can tell the server. */
export const KEPT_RUNS = 32;

/** A fact the server has not settled for good. */
export interface OutboxItem {
  readonly event: DomainEvent;
  /** `null` before the server has answered. */
  readonly verdict: Verdict | null;
  /** `waiting`, `notDurable` (taken, but the server may still forget it) or `refused`. */
  readonly state: 'waiting' | 'notDurable' | 'refused';
}

/** What the journal knows without reading the disk again: rebuilt from the records on opening. */
export class Ledger {
  hlc: Hlc = { ms: 0, counter: 0 };
  epoch: string | undefined;
  lastVerdictAt: string | undefined;
  /** The runs of the host that have written here, newest first. */
  runs: readonly string[] = [];
  readonly counters = new Map<string, number>();
  /** Id of this device's last event in each stream: its hash is the next one's `prev`. */
  readonly lastOfStream = new Map<string, string>();
  readonly places = new Map<string, Place>();
  /** Accepted for good -> when. Kept to offer them again should the server forget. */
  readonly acceptedAt = new Map<string, string>();
  /** Hashes that facts of this device name in their data: attachments, as far as they are in the blob store. */
  readonly namedBlobs = new Map<string, NamedBlob>();
  readonly deliveredBlobs = new Set<string>();
  /** In the order they were written, except for those offered again, which are sorted on reading. */
  readonly #open = new Map<string, OutboxItem>();
  readonly #ordinals = new Map<string, number>();

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

  /** Facts without a last word, in the order they were written. */
  outbox(): OutboxItem[] {
    return [...this.#open.values()].sort((a, b) => this.#ordinal(a) - this.#ordinal(b));
  }

  isRefused(id: string): boolean {
    return this.#open.get(id)?.state === 'refused';
  }

  /** Moves the clock past a stamp. A text that is no stamp says nothing about the time. */
  see(hlc: string): void {
    this.hlc = observe(this.hlc, parseHlc(hlc));
  }

  #addEvent(event: DomainEvent, place: Place): void {
    if (this.places.has(event.id)) return;
    this.places.set(event.id, place);
    this.#ordinals.set(event.id, this.#ordinals.size);
    this.lastOfStream.set(event.stream, event.id);
    this.#open.set(event.id, { event, verdict: null, state: 'waiting' });
    this.see(event.hlc);
    for (const blob of namedBlobsIn(event)) {
      if (!this.namedBlobs.has(blob.sha256)) this.namedBlobs.set(blob.sha256, blob);
    }
  }

  #settle(verdict: Verdict, durable: boolean, at: string): void {
    const item = this.#open.get(verdict.id);
    if (item === undefined) return;
    if (verdict.verdict === 'refused') {
      this.#open.set(verdict.id, { ...item, verdict, state: 'refused' });
    } else if (durable) {
      this.#open.delete(verdict.id);
      this.acceptedAt.set(verdict.id, at);
    } else {
      this.#open.set(verdict.id, { ...item, verdict, state: 'notDurable' });
    }
  }

  #reopen(id: string, event: DomainEvent | undefined): void {
    this.acceptedAt.delete(id);
    if (event !== undefined) this.#open.set(id, { event, verdict: null, state: 'waiting' });
  }

  #release(ids: readonly string[]): void {
    for (const id of ids) if (this.#open.get(id)?.state === 'refused') this.#open.delete(id);
  }

  #raise(name: string, value: number): void {
    if (value > (this.counters.get(name) ?? 0)) this.counters.set(name, value);
  }

  #ordinal(item: OutboxItem): number {
    return this.#ordinals.get(item.event.id) ?? 0;
  }
}
