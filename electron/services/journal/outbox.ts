import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Verdict } from '#shared/sync/protocol.ts';

/** A fact the server has not settled for good. */
export interface OutboxItem {
  readonly event: DomainEvent;
  /** `null` before the server has answered. */
  readonly verdict: Verdict | null;
  /** `waiting`, `notDurable` (taken, but the server may still forget it) or `refused`. */
  readonly state: 'waiting' | 'notDurable' | 'refused';
  /** Refused by a server that may forget that it was: the office cannot count on finding it there. */
  readonly isForgettable?: boolean;
  /** It had its last word: the server began another history and is offered it once more. */
  readonly again?: true;
}

/**
 * Facts without a last word, in the order they were written. Planning and status ask for all of them again and again: the
 * order is kept, not made anew, and the list stays the same one until something changes.
 */
export class Outbox {
  /** In order, except for what was offered again since the last look. */
  #open = new Map<string, OutboxItem>();
  /** Of every fact in the journal, settled ones too: they can be offered again. */
  readonly #ordinals = new Map<string, number>();
  #nextOrdinal = 0;
  #isOrdered = true;
  #list: readonly OutboxItem[] | undefined;

  items(): readonly OutboxItem[] {
    if (!this.#isOrdered) {
      this.#open = new Map([...this.#open].sort(([a], [b]) => this.#ordinal(a) - this.#ordinal(b)));
      this.#isOrdered = true;
    }
    this.#list ??= [...this.#open.values()];
    return this.#list;
  }

  get(id: string): OutboxItem | undefined {
    return this.#open.get(id);
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** A fact that was just written. */
  add(event: DomainEvent): void {
    this.#ordinals.set(event.id, this.#nextOrdinal++);
    this.#set({ event, verdict: null, state: 'waiting' });
  }

  /** The server has said something that is not the last word. */
  judge(item: OutboxItem): void {
    this.#set(item);
  }

  /** Its last word, or that of a person. */
  settle(id: string): void {
    if (this.#open.delete(id)) this.#list = undefined;
  }

  /** A fact that had its last word is offered again, at its old place. */
  reopen(event: DomainEvent): void {
    if (!this.#open.has(event.id)) this.#isOrdered = false;
    this.#set({ event, verdict: null, state: 'waiting', again: true });
  }

  /** A settled fact has left the journal. */
  forget(id: string): void {
    this.#ordinals.delete(id);
  }

  #set(item: OutboxItem): void {
    this.#open.set(item.event.id, item);
    this.#list = undefined;
  }

  #ordinal(id: string): number {
    return this.#ordinals.get(id) ?? 0;
  }
}
