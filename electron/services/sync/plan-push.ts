import type { DomainEvent } from '#shared/events/envelope.ts';
import { MAX_PUSH_BYTES, MAX_PUSH_EVENTS } from '#shared/sync/protocol.ts';
import type { OutboxItem } from '../journal/ledger.ts';

/** An outbox item with what keeps it from being sent. */
export interface PlannedItem extends Omit<OutboxItem, 'state'> {
  readonly state: OutboxItem['state'] | 'held';
}

/** Room in a push for what is not events. */
const ENVELOPE_BYTES = 4096;

/**
 * Marks what a refused fact holds back: the later facts of its own stream,
 * which were decided on top of it. Other streams are not touched.
 */
export function holdBack(outbox: readonly OutboxItem[]): PlannedItem[] {
  const refusedStreams = new Set<string>();
  return outbox.map((item) => {
    const { stream } = item.event;
    const isHeld = item.state === 'waiting' && refusedStreams.has(stream);
    if (item.state === 'refused') refusedStreams.add(stream);
    return isHeld ? { ...item, state: 'held' } : item;
  });
}

/** What is left out of a push, this time. */
export interface Skip {
  readonly ids: ReadonlySet<string>;
  readonly streams: ReadonlySet<string>;
}

/**
 * The next batch: in the order of the journal, at most 200 events and 1 MB. An
 * event larger than that goes alone, and the server says what it thinks of it.
 */
export function nextBatch(outbox: readonly OutboxItem[], skip: Skip): DomainEvent[] {
  const batch: DomainEvent[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const { event, state } of holdBack(outbox)) {
    if (state === 'refused' || state === 'held') continue;
    if (skip.ids.has(event.id) || skip.streams.has(event.stream)) continue;
    bytes += Buffer.byteLength(JSON.stringify(event)) + 1;
    if (batch.length > 0 && (bytes > MAX_PUSH_BYTES || batch.length >= MAX_PUSH_EVENTS)) break;
    batch.push(event);
  }
  return batch;
}
