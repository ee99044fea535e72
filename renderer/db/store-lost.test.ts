import 'fake-indexeddb/auto';
import { Dexie } from 'dexie';
import { expect, it } from 'vitest';
import { storeClient } from '#test/support/scripted-feeds.ts';

it('[ST7] a vanished database is told of once, and opening it anew is no loss of its own', async () => {
  const store = storeClient('vanishing');
  await store.position({});
  const losses: boolean[] = [];
  void (async () => {
    for await (const { lost } of store.changes({})) if (lost) losses.push(lost);
  })();
  await Dexie.delete('vanishing');
  await expect.poll(() => losses).toEqual([true]);
  await expect(store.position({})).rejects.toMatchObject({ code: 'store.lost' });
  await store.reopen({});
  await store.position({});
  await store.reopen({});
  expect(await store.position({})).toMatchObject({ isBootstrapped: false });
  expect(losses).toEqual([true]);
});
