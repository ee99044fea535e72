import '#renderer/host/no-eval.ts';
import { newId } from '#renderer/app/desk.ts';
import { openStore, type StoreClient } from '#renderer/db/open-store.ts';
import { connectHost } from '#renderer/host/connect.ts';
import { runEngine } from '#renderer/sync/engine.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';

/**
 * The product's own way of a fact without its screens: host, journal, store and engine as the application wires them, driven
 * as fast as they go. What a screen does between two acts of a person is not measured here.
 */
const link = connectHost();
let store: StoreClient;

async function open(serverUrl: string, user: string): Promise<void> {
  const { workspace } = await link.client.app.connectServer({
    url: serverUrl,
    user,
    password: 'demo',
    deviceName: 'bench',
  });
  if (workspace === null) throw new Error('The host made no workspace.');
  ({ client: store } = await openStore(workspace.workspaceId, link.client.app.cacheKey({})));
  const events = {
    onJournalRead: () => undefined,
    onBootstrap: () => undefined,
    onRebuild: () => undefined,
    onTrouble: (thrown: unknown) => console.error(thrown),
  };
  void runEngine(link.client, store, events, new AbortController().signal, {
    homeScope: `region/${workspace.homeRegion}`,
  });
}

async function keysOf(): Promise<string[]> {
  const query = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 1_000_000 } as const;
  const { items } = await store.list(query);
  return items.map(({ key }) => key).sort();
}

/** One ticket after the other, each saved (journal flushed, store written) before the next. */
async function edit(from: number, count: number): Promise<number> {
  const keys = (await keysOf()).slice(from, from + count);
  const rows = await Promise.all(keys.map((key) => store.row({ key })));
  const started = performance.now();
  for (const row of rows) {
    if (row === undefined) throw new Error('A ticket of the list has no row.');
    const { value, setBy } = (row.state as TicketState).fields.symptom ?? { value: '', setBy: '' };
    const draft = {
      id: newId(),
      stream: row.key,
      scope: row.scope,
      type: 'ticket.edited',
      v: 1,
      data: { field: 'symptom', value: `${value} *`, basedOn: setBy },
    };
    const { events } = await link.client.journal.append({ drafts: [draft] });
    await store.applyLocal({ events });
  }
  return performance.now() - started;
}

async function setOffline(offline: boolean): Promise<void> {
  await link.client.sync.setOffline({ offline });
}

async function edited(): Promise<number> {
  const query = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 1_000_000 } as const;
  const { items } = await store.list(query);
  return items.filter(({ symptom }) => symptom.endsWith(' *')).length;
}

async function tickets(): Promise<number> {
  return (await keysOf()).length;
}

/** Resolves when nothing of its own waits and so many tickets are edited. Looks again whenever something has changed. */
async function converged(count: number): Promise<void> {
  const end = new AbortController();
  const both = [
    async () => {
      for await (const { unsynced } of link.client.sync.status({}, { signal: end.signal }))
        await look(unsynced);
    },
    async () => {
      for await (const _ of store.changes({}, { signal: end.signal })) await look(waiting);
    },
  ];
  let waiting = 1;
  const look = async (unsynced: number): Promise<void> => {
    waiting = unsynced;
    if (waiting === 0 && (await edited()) === count) end.abort();
  };
  await Promise.all(both.map((watch) => watch().catch((thrown: unknown) => endedOr(thrown, end.signal))));
}

function endedOr(thrown: unknown, { aborted }: AbortSignal): void {
  if (!aborted) throw thrown;
}

Object.assign(window, { peer: { open, edit, edited, tickets, converged, setOffline } });
