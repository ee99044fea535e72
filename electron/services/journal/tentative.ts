import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Hlc } from '#shared/events/hlc.ts';

/**
 * What has been decided but is not yet on the disk. Each append decides on a
 * fork; the fork is absorbed when the append could be framed, and everything
 * is dropped when the write fails, so a failed write leaves no trace in memory.
 */
export class Tentative {
  hlc: Hlc;
  readonly #parent: Tentative | undefined;
  readonly #counters = new Map<string, number>();
  readonly #heads = new Map<string, string>();
  readonly #events = new Map<string, DomainEvent>();

  constructor(hlc: Hlc, parent?: Tentative) {
    this.hlc = hlc;
    this.#parent = parent;
  }

  fork(): Tentative {
    return new Tentative(this.hlc, this);
  }

  absorb(fork: Tentative): void {
    this.hlc = fork.hlc;
    for (const [name, value] of fork.#counters) this.#counters.set(name, value);
    for (const [stream, hash] of fork.#heads) this.#heads.set(stream, hash);
    for (const [id, event] of fork.#events) this.#events.set(id, event);
  }

  counter(name: string): number | undefined {
    return this.#counters.get(name) ?? this.#parent?.counter(name);
  }

  setCounter(name: string, value: number): void {
    this.#counters.set(name, value);
  }

  /** Hash of the last event decided in a stream. */
  head(stream: string): string | undefined {
    return this.#heads.get(stream) ?? this.#parent?.head(stream);
  }

  event(id: string): DomainEvent | undefined {
    return this.#events.get(id) ?? this.#parent?.event(id);
  }

  addEvent(event: DomainEvent, hash: string): void {
    this.#events.set(event.id, event);
    this.#heads.set(event.stream, hash);
  }

  heads(): Iterable<[stream: string, hash: string]> {
    return this.#heads;
  }
}
