import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { storeClient } from '#test/support/scripted-feeds.ts';
import { aLaptop, aServer, GZ, isTrue, type Laptop, ME, SZ } from '#test/support/scripted-laptop.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { runEngine, type EngineEvents, type EngineHost } from './engine.ts';

describe('before a store began anew', () => {
  const other = new EventBuilder('SZ05').make('ticket/t2', 'ticket.opened', opening({ number: 't2' }));
  /** The journal keeps what the server has taken in for a while, and what waits. */
  function aJournal() {
    const ticket = aTicket().graded('P2');
    const known = [...ticket.events];
    const late = ticket.assigned().events.slice(known.length);
    const waiting = new EventBuilder('SZ06').make('ticket/t3', 'ticket.opened', opening({ number: 't3' }));
    return { known, late, waiting, all: [...known, other, ...late, waiting] };
  }
  async function showsNothingOf(laptop: Laptop): Promise<void> {
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeUndefined();
    expect(await laptop.store.eventsOf({ key: 'ticket/t1' })).toEqual([]);
  }

  it.each(['before', 'after'] as const)(
    '[ST15] what was deleted is not shown again by a journal that is read %s the bootstrap',
    async (when) => {
      const server = aServer(SZ, GZ);
      const { known, waiting, all } = aJournal();
      server.deliver(SZ, ...known, other);
      server.purge('ticket/t1');
      const laptop = aLaptop(server, { journal: all });
      if (when === 'before') await laptop.store.applyLocal({ events: all });
      await laptop.sync();
      if (when === 'after') await laptop.store.applyLocal({ events: all });
      await showsNothingOf(laptop);
      await isTrue(laptop, server, [waiting]);
      await laptop.sync();
      await isTrue(laptop, server, [waiting]);
      const { deleted } = await laptop.store.position({});
      expect(deleted).toEqual(['ticket/t1']);
    },
  );

  it('[ST15] a scope that is fetched anew tells of it too', async () => {
    const server = aServer(SZ);
    const { known, waiting, all } = aJournal();
    server.deliver(SZ, ...known, other);
    server.purge('ticket/t1');
    server.tellsDeleted = false;
    const laptop = aLaptop(server, { journal: all });
    await laptop.store.applyLocal({ events: all });
    await laptop.sync();
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeDefined();
    server.tellsDeleted = true;
    server.tamper = (lines) =>
      lines.map((line) => (line.k === 'checksum' ? { ...line, hash: 'ffffffffffffffff' } : line));
    await laptop.sync();
    await showsNothingOf(laptop);
    await isTrue(laptop, server, [waiting]);
  });

  it('[ST15] a fact that arrives late brings nothing back of what was deleted', async () => {
    const server = aServer(SZ);
    const { known, late, waiting, all } = aJournal();
    server.deliver(SZ, ...known, other);
    const first = aLaptop(server, { journal: all });
    await first.store.applyLocal({ events: all });
    await first.sync();
    server.purge('ticket/t1');
    await first.sync();
    server.deliver(SZ, ...late);
    const anew = aLaptop(server, { journal: all });
    await anew.store.applyLocal({ events: all });
    for (const laptop of [first, anew]) {
      await laptop.sync();
      await laptop.store.applyLocal({ events: all });
      await isTrue(laptop, server, [waiting]);
    }
    expect(await first.store.eventsOf({ key: 'ticket/t1' })).toHaveLength(late.length);
  });

  it('[ST15] a server that was restored from before the purge gives it again', async () => {
    const server = aServer(SZ);
    const { known, waiting, all } = aJournal();
    server.deliver(SZ, ...known, other);
    const backup = new Map([...server.entries].map(([scope, list]) => [scope, [...list]]));
    server.purge('ticket/t1');
    const laptop = aLaptop(server, { journal: [...known, waiting] });
    await laptop.store.applyLocal({ events: all });
    await laptop.sync();
    await showsNothingOf(laptop);
    for (const [scope, list] of backup) server.entries.set(scope, list);
    server.epoch = 'e2';
    await laptop.sync();
    await laptop.store.applyLocal({ events: [...known, waiting] });
    await isTrue(laptop, server, [waiting]);
  });

  it.each(['before', 'after'] as const)(
    '[ST14] what left is not shown again by a journal that is read %s the bootstrap',
    async (when) => {
      const server = aServer(SZ, ME);
      const far = new EventBuilder('GZ01', GZ);
      const opened = far.make('ticket/far', 'ticket.opened', opening({ number: 'far' }));
      const mine = far.make('ticket/far', 'ticket.graded', {
        impact: 'high',
        urgency: 'high',
        grade: 'P1',
      });
      server.deliver(ME, opened, mine);
      server.leave(ME, 'ticket/far');
      server.deliver(SZ, other);
      const laptop = aLaptop(server);
      const journal = [opened, mine, other];
      if (when === 'before') await laptop.store.applyLocal({ events: journal });
      await laptop.sync();
      if (when === 'after') {
        await laptop.store.applyLocal({ events: journal });
        await laptop.sync();
      }
      expect(await laptop.store.row({ key: 'ticket/far' })).toBeUndefined();
      expect(await laptop.store.eventsOf({ key: 'ticket/far' })).toEqual([]);
      await isTrue(laptop, server);
    },
  );
});

it('[ST14] what left before a store began anew goes by itself when the journal is read last', async () => {
  const server = aServer(SZ, ME);
  const far = new EventBuilder('GZ01', GZ);
  const opened = far.make('ticket/far', 'ticket.opened', opening({ number: 'far' }));
  server.deliver(ME, opened);
  server.leave(ME, 'ticket/far');
  const store = storeClient('read-last');
  const stop = new AbortController();
  const scripted = server.host();
  const caughtUp = Promise.withResolvers<void>();
  const follow = async function* () {
    await caughtUp.promise;
    yield { k: 'events', events: [opened] };
    expect(await store.row({ key: 'ticket/far' })).toBeDefined();
    yield { k: 'live' };
  };
  const pokes = async function* () {
    yield { reason: 'start' };
    // Asked for the next one: the first has been followed.
    caughtUp.resolve();
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  };
  const host = {
    journal: { ...scripted.journal, follow },
    sync: { ...scripted.sync, pokes },
  } as unknown as EngineHost;
  const troubles: unknown[] = [];
  const events: EngineEvents = {
    onJournalRead: () => undefined,
    onBootstrap: () => undefined,
    onRebuild: () => undefined,
    onTrouble: (thrown) => troubles.push(thrown),
  };
  void runEngine(host, store, events, stop.signal, { homeScope: SZ });
  await caughtUp.promise;
  await expect.poll(() => server.asked.filter((asked) => asked === 'pull').length).toBeGreaterThan(1);
  await expect.poll(() => store.row({ key: 'ticket/far' })).toBeUndefined();
  expect(troubles).toEqual([]);
  stop.abort();
});
