import type { DomainEvent } from '#shared/events/envelope.ts';
import { holdBack as hold, type Planned } from '#shared/sync/engine/plan.ts';
import type { OutboxItem } from '../journal/outbox.ts';

/** An outbox item with what keeps it from being sent. */
export type PlannedItem = Planned<OutboxItem>;

/** Marks what a refused fact holds back. */
export function holdBack(outbox: readonly OutboxItem[]): PlannedItem[] {
  return hold(outbox);
}

const sizes = new WeakMap<DomainEvent, number>();

/** Bytes of a fact on the wire. A fact never changes, so each is measured once. */
export function wireBytes(event: DomainEvent): number {
  let bytes = sizes.get(event);
  if (bytes === undefined) {
    bytes = Buffer.byteLength(JSON.stringify(event));
    sizes.set(event, bytes);
  }
  return bytes;
}
