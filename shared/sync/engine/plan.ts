import { MAX_PUSH_BYTES, MAX_PUSH_EVENTS } from '../protocol.ts';
import type { Turn } from './state.ts';

/** What planning needs to know of an outbox item. */
export interface OutboxFact {
  readonly event: { readonly id: string; readonly stream: string };
  readonly state: 'waiting' | 'notDurable' | 'refused';
  /** Refused by a server that may forget that it was. */
  readonly isForgettable?: boolean;
}

/** Room in a push for what is not events. */
const ENVELOPE_BYTES = 4096;

/** An outbox item with what keeps it from being sent. */
export type Planned<T extends OutboxFact> = Omit<T, 'state'> & { readonly state: T['state'] | 'held' };

/**
 * Marks what a refused fact holds back: the later facts of its own stream,
 * which were decided on top of it. Other streams are not touched.
 */
export function holdBack<T extends OutboxFact>(outbox: readonly T[]): Planned<T>[] {
  const refusedStreams = new Set<string>();
  return outbox.map((item) => {
    const { stream } = item.event;
    const isHeld = item.state === 'waiting' && refusedStreams.has(stream);
    if (item.state === 'refused') refusedStreams.add(stream);
    return isHeld ? { ...item, state: 'held' } : item;
  });
}

export interface BatchRules<T> {
  readonly turn: Turn;
  /** A revoked device hands over everything it has: nothing is held back any more. */
  readonly isHandingOver: boolean;
  /** Size of a fact on the wire. */
  readonly bytesOf: (item: T) => number;
}

/**
 * The next batch of a turn: in the order of the journal, at most 200 events and 1 MB. An
 * event larger than that goes alone, and the server says what it thinks of it.
 */
export function nextBatch<T extends OutboxFact>(outbox: readonly T[], rules: BatchRules<T>): T[] {
  const { turn, isHandingOver, bytesOf } = rules;
  const skipIds = new Set(turn.skipIds);
  const skipStreams = new Set(turn.skipStreams);
  const refusedStreams = new Set<string>();
  const most = Math.min(turn.limit ?? MAX_PUSH_EVENTS, MAX_PUSH_EVENTS);
  const batch: T[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const item of outbox) {
    const { id, stream } = item.event;
    if (item.state === 'refused') refusedStreams.add(stream);
    const isHeld = item.state === 'waiting' && refusedStreams.has(stream) && !isHandingOver;
    if (isHeld || !mayBeOffered(item, rules)) continue;
    if (skipIds.has(id) || skipStreams.has(stream)) continue;
    bytes += bytesOf(item) + 1;
    if (batch.length > 0 && bytes > MAX_PUSH_BYTES) break;
    batch.push(item);
    if (batch.length >= most) break;
  }
  return batch;
}

/** What the server may forget goes with a poll; of what it has refused only that, and before the device is wiped. */
function mayBeOffered(
  { state, isForgettable }: OutboxFact,
  { turn, isHandingOver }: Pick<BatchRules<unknown>, 'turn' | 'isHandingOver'>,
): boolean {
  if (state === 'waiting') return true;
  const isAgain = state === 'notDurable' || (isHandingOver && isForgettable === true);
  return isAgain && turn.isPoll;
}

/** Facts that the server has no copy of for good: refused ones it keeps with their reason. */
export function undeliveredCount(outbox: readonly OutboxFact[]): number {
  return outbox.filter(({ state, isForgettable }) => state !== 'refused' || isForgettable === true).length;
}
