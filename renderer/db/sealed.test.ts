import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { foldEntity, type FoldedRow } from '#shared/domain/projection.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { Cipher, Unreadable } from './cipher.ts';
import { openDatabase } from './database.ts';
import { Store } from './store.ts';

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(9);
const SECRET = '整流模块通信中断';
const ALL = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 9 } as const;

let count = 0;
const open: Store[] = [];
function aStore(name: string, key?: Uint8Array<ArrayBuffer>): Store {
  const store = new Store(name, () => 0, { key });
  open.push(store);
  return store;
}
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** A page, an overlay row, facts and a first page, all with the secret in them. */
async function fill(store: Store): Promise<void> {
  const { events } = aTicket().graded('P2').assigned();
  const row = foldEntity('ticket/t1', events.slice(0, 2)) as FoldedRow;
  const bytes = new Uint8Array(gzipSync(JSON.stringify(row)));
  await store.stagePage({ scope: 'region/sz', sha256: 'a', bytes });
  await store.adoptScope({
    epoch: 'e1',
    scope: 'region/sz',
    cursor: 2,
    checksum: { count: 2, hash: '0000000000000000' },
    pages: ['a'],
    isLast: true,
  });
  await store.applyLocal(events.slice(2));
  await store.list(ALL);
}

/** Everything that lies in the database, as a thief would read it. */
async function everythingIn(name: string): Promise<string> {
  const database = openDatabase(name);
  try {
    const parts: string[] = [];
    const see = (value: unknown): void => {
      if (value instanceof Uint8Array) {
        parts.push(Buffer.from(value).toString('utf8'));
        return;
      }
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(see);
      else parts.push(String(value));
    };
    for (const table of database.tables) see(await table.toArray());
    return parts.join('\n');
  } finally {
    database.close();
  }
}

describe('a piece', () => {
  it('[ST10] opens in its place, and nowhere else, and not when a bit of it has changed', async () => {
    const cipher = await Cipher.withKey(KEY);
    const bytes = new TextEncoder().encode(SECRET);
    const piece = await cipher.seal('page/a/rows', bytes);
    expect(await cipher.open('page/a/rows', piece)).toEqual(bytes);
    await expect(cipher.open('page/b/rows', piece)).rejects.toThrow(Unreadable);
    await expect((await Cipher.withKey(OTHER_KEY)).open('page/a/rows', piece)).rejects.toThrow(Unreadable);
    await expect(Cipher.plain().open('page/a/rows', piece)).rejects.toThrow(Unreadable);
    for (const at of [0, 5, 20, piece.length - 1]) {
      const changed = Uint8Array.from(piece);
      changed[at]! ^= 0x80;
      await expect(cipher.open('page/a/rows', changed)).rejects.toThrow(Unreadable);
    }
  });

  it('[ST10] is never sealed twice alike', async () => {
    const cipher = await Cipher.withKey(KEY);
    const bytes = new Uint8Array(8);
    expect(await cipher.seal('x', bytes)).not.toEqual(await cipher.seal('x', bytes));
  });
});

describe('the store', () => {
  it('[ST10] leaves nothing readable of what is in it, and reads it back', async () => {
    const name = `sealed-${++count}`;
    const store = aStore(name, KEY);
    await fill(store);
    expect(await everythingIn(name)).not.toContain(SECRET);
    expect(await everythingIn(name)).not.toContain('li.wei');
    await store.close();
    const again = aStore(name, KEY);
    expect((await again.firstPage())?.answer.items[0]?.symptom).toBe(SECRET);
    expect((await again.list(ALL)).items[0]).toMatchObject({ symptom: SECRET, assignee: 'li.wei' });
    expect(await again.eventsOf('ticket/t1')).toHaveLength(1);
    expect((await again.row('ticket/t1'))?.state).toMatchObject({ work: 'assigned' });
  });

  it('[ST12] under another key, or without its key, is empty and can be filled anew', async () => {
    for (const other of [OTHER_KEY, undefined]) {
      const name = `sealed-${++count}`;
      const store = aStore(name, KEY);
      await fill(store);
      await store.close();
      const again = aStore(name, other);
      expect(await again.firstPage()).toBeUndefined();
      expect((await again.list(ALL)).total).toBe(0);
      expect((await again.position()).isBootstrapped).toBe(false);
      await fill(again);
      expect((await again.list(ALL)).total).toBe(1);
      await again.close();
    }
  });

  it('[ST12] seals what lies there from a time without a key, and shows it meanwhile', async () => {
    const name = `sealed-${++count}`;
    const store = aStore(name);
    await fill(store);
    expect(await everythingIn(name)).toContain(SECRET);
    await store.close();
    const again = aStore(name, KEY);
    expect((await again.row('ticket/t1'))?.state).toMatchObject({ work: 'assigned' });
    await again.sealed();
    await again.list(ALL);
    expect(await everythingIn(name)).not.toContain(SECRET);
    await again.close();
    const third = aStore(name, KEY);
    expect((await third.row('ticket/t1'))?.state).toMatchObject({ work: 'assigned' });
    expect(await third.eventsOf('ticket/t1')).toHaveLength(1);
  });
});
