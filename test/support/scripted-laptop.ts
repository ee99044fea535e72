import { expect } from 'vitest';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { StoreHandlerOptions } from '#renderer/db/store-handlers.ts';
import { catchUp, type CatchUpMemory, type EngineEvents } from '#renderer/sync/engine.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { rowsOf, ScriptedFeeds, storeClient } from './scripted-feeds.ts';

let count = 0;
export const SZ = 'region/sz';
export const GZ = 'region/gz';
export const ME = 'user/li.wei';

export interface Laptop {
  readonly store: StoreClient;
  readonly name: string;
  readonly troubles: unknown[];
  readonly progress: unknown[];
  sync(): Promise<void>;
}

/** A laptop's store and the loop that fills it. Without a name it is a new store. */
export function aLaptop(
  server: ScriptedFeeds,
  { name = `caught-${++count}`, journal = [] as DomainEvent[], options = {} as StoreHandlerOptions } = {},
): Laptop {
  const store = storeClient(name, options);
  const troubles: unknown[] = [];
  const progress: unknown[] = [];
  const memory: CatchUpMemory = { repairs: {} };
  const events: EngineEvents = {
    onJournalRead: () => undefined,
    onBootstrap: (now) => progress.push(now),
    onRebuild: () => undefined,
    onTrouble: (thrown) => troubles.push(thrown),
  };
  const signal = new AbortController().signal;
  const sync = () => catchUp(server.host(journal), store, events, signal, { homeScope: SZ }, memory);
  return { store, name, troubles, progress, sync };
}

export function aServer(...scopes: string[]): ScriptedFeeds {
  const server = new ScriptedFeeds();
  for (const scope of scopes) {
    server.visible.add(scope);
    server.entries.set(scope, []);
  }
  return server;
}

/** Every row of the laptop is the fold of what the server gives it and of what waits. */
export async function isTrue(laptop: Laptop, server: ScriptedFeeds, waiting: readonly DomainEvent[] = []) {
  expect(laptop.troubles).toEqual([]);
  const expected = rowsOf([...server.visibleFacts(), ...waiting]);
  for (const row of expected) {
    const there = await laptop.store.row({ key: row.key });
    expect(there?.state, row.key).toEqual(row.state);
  }
  const listed = await laptop.store.list(ALL);
  const opened = expected.filter(({ state }) => 'isOpened' in state && state.isOpened);
  expect(listed.items.map(({ key }) => key).sort()).toEqual(opened.map(({ key }) => key).sort());
  expect(listed.counts.all).toBe(opened.length);
}
export const ALL = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 500 } as const;
