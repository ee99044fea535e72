import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import { storeClient } from '#test/support/scripted-feeds.ts';
import { aServer, SZ } from '#test/support/scripted-laptop.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { type EngineEvents, type EngineHost, runEngine } from './engine.ts';

afterEach(() => vi.restoreAllMocks());

it('[ST31] a fact that the store had no room for is shown once there is, without a start: the journal is read again with the next turn', async () => {
  const server = aServer(SZ);
  const { events: facts } = aTicket().graded('P2');
  const store = storeClient('behind');
  const scripted = server.host(facts);
  const stop = new AbortController();
  const poke = Promise.withResolvers<void>();
  const isLive = Promise.withResolvers<void>();
  const pokes = async function* () {
    await poke.promise;
    yield { reason: 'poll' };
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  };
  const host = { ...scripted, sync: { ...scripted.sync, pokes } } as unknown as EngineHost;
  const events: EngineEvents = {
    onJournalRead: () => isLive.resolve(),
    onBootstrap: () => undefined,
    onRebuild: () => undefined,
    onTrouble: () => undefined,
  };
  await store.position({});
  const full = vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => {
    throw new DOMException('No room.', 'QuotaExceededError');
  });
  const fullToo = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('No room.', 'QuotaExceededError');
  });
  await expect(store.applyLocal({ events: facts })).rejects.toThrow('No room.');
  void runEngine(host, store, events, stop.signal, { homeScope: SZ });
  await isLive.promise;
  full.mockRestore();
  fullToo.mockRestore();
  poke.resolve();
  await expect.poll(() => store.row({ key: 'ticket/t1' })).toBeDefined();
  stop.abort();
});
