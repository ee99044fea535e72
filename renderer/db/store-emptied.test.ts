import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { storeClient } from '#test/support/scripted-feeds.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { openDatabase } from './database.ts';

function pull(events: readonly DomainEvent[]): PullLine[] {
  return [
    { k: 'head', epoch: 'e1', serverTime: '2026-03-02T09:00:00Z', scopes: ['region/sz'], lost: [] },
    ...events.map((event, index): PullLine => ({ k: 'event', scope: 'region/sz', n: index + 1, event })),
    { k: 'end', cursors: { 'region/sz': events.length }, more: false },
  ];
}

it('[ST30] a fact that does not open empties the store with its position, also in the middle of a pull, and nothing is written behind it', async () => {
  const { events } = aTicket().graded('P2').assigned();
  const [first] = events;
  if (first === undefined) throw new Error('There is no first fact.');
  const store = storeClient('emptied', { key: new Uint8Array(32).fill(7) });
  await store.applyPull({ lines: pull([first]) });
  // A bit of it has changed on the disk.
  const database = openDatabase('emptied');
  await database.events.toCollection().modify((record) => {
    (record.event as Uint8Array)[20]! ^= 0x80;
  });
  database.close();
  const losses: boolean[] = [];
  void (async () => {
    for await (const { lost } of store.changes({})) if (lost) losses.push(lost);
  })();
  // Somebody opens the ticket while a pull and a fact of this laptop are on their way.
  await Promise.allSettled([
    store.applyPull({ lines: pull(events) }),
    store.eventsOf({ key: first.stream }),
    store.applyLocal({ events: events.slice(1) }),
  ]);
  await expect.poll(() => losses).toEqual([true]);
  await store.reopen({});
  const { cursors, epoch } = await store.position({});
  expect({ cursors, epoch }).toEqual({ cursors: {}, epoch: null });
  expect(await store.row({ key: first.stream })).toBeUndefined();
  expect(losses).toEqual([true]);
});
