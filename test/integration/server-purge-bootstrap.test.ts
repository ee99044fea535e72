import 'fake-indexeddb/auto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Host } from '#electron/services/host/create-host.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import { catchUp, type EngineEvents, type EngineHost } from '#renderer/sync/engine.ts';
import { replayJournal } from '#renderer/sync/replay-journal.ts';
import { operate } from '#server/ops/open-place.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { opening } from '#test/support/event-builder.ts';
import { draftId } from '#test/support/journal-builders.ts';
import { context, isSettled, openLaptop, untilStatus } from '#test/support/laptop-host.ts';
import { storeClient } from '#test/support/scripted-feeds.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, STRANGER, TestServer } from '#test/support/test-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const SZ = 'region/sz';
const ALL = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 500 } as const;

describe.each(DATABASES)('A laptop that starts anew after a purge on %s', (kind) => {
  let server: TestServer;
  let dir: string;
  const hosts: Host[] = [];
  let stores = 0;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'faultline-purged-'));
    const bootstrap = { deleted: 3 };
    server = await TestServer.start(kind, { demo: true, fsync: true, logLevel: 'error', bootstrap });
    await server.addAccount(STRANGER);
  }, 120_000);
  afterAll(async () => {
    for (const host of hosts) await host.close();
    await server?.close();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  async function aLaptop(user: string): Promise<Host> {
    const host = await openLaptop(dir, `${user}-${hosts.length}`);
    hosts.push(host);
    const login = { url: server.url, user, password: 'demo', deviceName: user };
    await host.handlers.app.connectServer(login, context);
    await untilStatus(host, isSettled);
    return host;
  }

  const append = ({ handlers }: Host, stream: string, type: string, data: Record<string, unknown>) =>
    handlers.journal
      .append({ drafts: [{ id: draftId(), stream, scope: SZ, type, v: 1, data }] }, context)
      .then(({ events }) => events[0] as DomainEvent);
  const open = (host: Host, stream: string) =>
    append(host, stream, 'ticket.opened', opening({ number: stream }));
  const note = (host: Host, stream: string, text: string) => append(host, stream, 'ticket.noted', { text });
  async function purge(stream: string): Promise<void> {
    const { databaseUrl } = server;
    const place = { data: server.folder, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
    await operate(place, 'purge', { tenant: 'main', stream });
  }

  /** A store that knows nothing, filled by the laptop's journal and the server. @param line which host asks the server. */
  async function startAnew(host: Host, journalComes: 'first' | 'last', line = host): Promise<StoreClient> {
    const store = storeClient(`purged-${kind}-${++stores}`, {}, () => Date.now());
    const services = engineHost(host, line);
    const { signal } = context;
    const troubles: unknown[] = [];
    const events: EngineEvents = {
      onJournalRead: () => undefined,
      onBootstrap: () => undefined,
      onRebuild: () => undefined,
      onTrouble: (thrown) => troubles.push(thrown),
    };
    if (journalComes === 'first') await replayJournal(services, store, signal);
    await catchUp(services, store, events, signal, { homeScope: SZ });
    if (journalComes === 'last') await replayJournal(services, store, signal);
    expect(troubles).toEqual([]);
    return store;
  }

  const listed = async (store: StoreClient): Promise<string[]> =>
    (await store.list(ALL)).items.map(({ key }) => key);
  const factsOf = async (store: StoreClient, stream: string): Promise<string[]> =>
    (await store.eventsOf({ key: stream })).map(({ event, standing }) => `${event.id} ${standing}`);

  it.each(['first', 'last'] as const)(
    '[SY62][ST15] shows nothing of the ticket, and all else, whose journal is read %s',
    async (journalComes) => {
      const [gone, kept] = [`ticket/gone-${journalComes}`, `ticket/kept-${journalComes}`];
      const author = await aLaptop('li.wei');
      // Another host of the same person is on line while this one is not.
      const online = await aLaptop('li.wei');
      await open(author, gone);
      await note(author, gone, 'private');
      await open(author, kept);
      await untilStatus(author, isSettled);
      expect(await listed(await startAnew(author, journalComes))).toEqual(
        expect.arrayContaining([gone, kept]),
      );

      await author.handlers.sync.setOffline({ offline: true }, context);
      const late = await note(author, gone, 'late');
      const unsent = await note(author, kept, 'unsent');
      await purge(gone);
      const waiting = await startAnew(author, journalComes, online);
      expect(await waiting.row({ key: gone })).toBeUndefined();
      expect(await factsOf(waiting, gone)).toEqual([]);
      expect(await listed(waiting)).not.toContain(gone);
      expect(await listed(waiting)).toContain(kept);
      expect(await factsOf(waiting, kept)).toContain(`${unsent.id} local`);

      // What waited for the purged ticket is sent and taken in, once, and brings nothing back.
      await author.handlers.sync.setOffline({ offline: false }, context);
      expect(await untilStatus(author, isSettled)).toMatchObject({ refused: 0 });
      const colleague = await SyncDevice.logIn(server.url, 'zhang.min');
      expect((await colleague.entity(gone)).map(({ id }) => id)).toEqual([late.id]);
      const after = await startAnew(author, journalComes);
      expect(await listed(after)).not.toContain(gone);
      expect(JSON.stringify(await after.eventsOf({ key: gone }))).not.toContain('private');
      expect(await listed(after)).toContain(kept);
    },
  );

  it('[SY62] names what was purged to those alone who saw it, the last of each scope', async () => {
    const owner = await SyncDevice.logIn(server.url, 'li.wei');
    const far = await SyncDevice.logIn(server.url, 'zhao.bj');
    const streams = [1, 2, 3, 4].map((n) => `ticket/${kind}-told-${n}`);
    await owner.push(
      streams.map((stream) => owner.event({ stream, type: 'ticket.noted', data: { text: '…' } })),
    );
    const shared = { stream: streams[3]!, type: 'ticket.shared', data: { with: 'user/zhao.bj' } };
    await owner.push([owner.event(shared)]);
    for (const stream of streams) await purge(stream);
    expect((await owner.manifest()).deleted.toSorted()).toEqual(streams.slice(1));
    expect((await far.manifest()).deleted).toEqual([streams[3]]);
  });
});

/** The services of the host as the page's loop calls them. */
function engineHost({ handlers }: Host, line: Host): EngineHost {
  const service = (methods: object): object =>
    Object.fromEntries(
      Object.entries(methods).map(([name, handle]) => [
        name,
        (input: unknown) => (handle as (input: unknown, call: unknown) => unknown)(input, context),
      ]),
    );
  const sync = service(line.handlers.sync);
  return { journal: service(handlers.journal), sync } as unknown as EngineHost;
}
