import 'fake-indexeddb/auto';
import { Dexie } from 'dexie';
import { expect, it } from 'vitest';
import { deleteStores } from './delete-stores.ts';

it('takes every store of a workspace away, and nothing else', async () => {
  for (const name of ['faultline-server-1', 'faultline-demo', 'somebody-else']) {
    const database = new Dexie(name);
    database.version(1).stores({ things: 'id' });
    await database.open();
    database.close();
  }
  await deleteStores();
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(['somebody-else']);
});
