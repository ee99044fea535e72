import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScriptedFeeds, storeClient } from '#test/support/scripted-feeds.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { runEngine, type EngineHost } from './engine.ts';
import { pauseBeforeTry } from './watch-store.ts';

const SZ = 'region/sz';
let count = 0;

/** A browser whose database does not open until it is mended; counts how often it was asked to. */
function breakIndexedDb(name = 'UnknownError'): { opens: () => number; mend: () => void } {
  const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('Internal error opening backing store.', name);
  });
  return { opens: () => open.mock.calls.length, mend: () => open.mockRestore() };
}

/** An engine whose pauses last until the test ends them. */
function anEngine() {
  const server = new ScriptedFeeds();
  server.visible.add(SZ);
  server.entries.set(SZ, []);
  const { events } = aTicket().graded('P2');
  const controller = new AbortController();
  const { signal } = controller;
  const scripted = server.host(events);
  const host = {
    ...scripted,
    sync: {
      ...scripted.sync,
      pokes: async function* () {
        yield { reason: 'start' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
  } as unknown as EngineHost;
  const store = storeClient(`watched-${++count}`);
  const told: boolean[] = [];
  const troubles: unknown[] = [];
  const pauses: { ms: number; end: () => void }[] = [];
  const start = (): void =>
    void runEngine(
      host,
      store,
      {
        onJournalRead: () => undefined,
        onBootstrap: () => undefined,
        onRebuild: () => undefined,
        onStoreClosed: (isClosed) => told.push(isClosed),
        onTrouble: (thrown) => troubles.push(thrown),
      },
      signal,
      {
        random: () => 0.5,
        pause: (ms) => new Promise((resolve) => pauses.push({ ms, end: resolve })),
      },
    );
  return { store, told, troubles, pauses, start, stop: () => controller.abort() };
}

afterEach(() => vi.restoreAllMocks());

describe('a database that does not open at all', () => {
  it('[ST26] is tried again after pauses that grow, says so, and is filled by itself once it opens', async () => {
    const database = breakIndexedDb();
    const engine = anEngine();
    engine.start();
    for (let tries = 1; tries <= 8; tries++) {
      await expect.poll(() => engine.pauses.length).toBe(tries);
      engine.pauses.at(-1)?.end();
    }
    await expect.poll(() => engine.pauses.length).toBe(9);
    expect(engine.told).toEqual([true]);
    const lengths = engine.pauses.map(({ ms }) => ms);
    expect(lengths).toEqual([...lengths].sort((one, other) => one - other));
    expect(lengths[0]).toBeGreaterThanOrEqual(250);
    expect(lengths.at(-1)).toBeLessThanOrEqual(60_000);
    // The database library asks four times for each try.
    expect(database.opens()).toBeLessThanOrEqual(40);

    database.mend();
    engine.pauses.at(-1)?.end();
    await expect.poll(() => engine.store.row({ key: 'ticket/t1' })).toBeDefined();
    await expect.poll(() => engine.told).toEqual([true, false]);
    expect(engine.pauses).toHaveLength(9);
    expect(engine.troubles).toEqual([]);
    engine.stop();
  });

  it.each(['QuotaExceededError', 'SecurityError', 'VersionError'])(
    '[ST26] waits for a database that does not open because of %s',
    async (name) => {
      const database = breakIndexedDb(name);
      const engine = anEngine();
      engine.start();
      await expect.poll(() => engine.pauses.length).toBe(1);
      database.mend();
      engine.pauses[0]?.end();
      await expect.poll(() => engine.told).toEqual([true, false]);
      await expect.poll(() => engine.store.row({ key: 'ticket/t1' })).toBeDefined();
      expect(engine.troubles).toEqual([]);
      engine.stop();
    },
  );

  it('[ST26] does not make laptops that broke together try together', () => {
    for (let failures = 1; failures < 40; failures++) {
      const [least, most] = [pauseBeforeTry(failures, 0), pauseBeforeTry(failures, 0.999)];
      expect(most).toBeGreaterThan(least * 1.5);
      expect(most).toBeLessThanOrEqual(60_000);
    }
  });
});
