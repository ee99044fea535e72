import type { ContractHandlers } from '#shared/host/define.ts';
import { PushQueue } from './push-queue.ts';
import type { storeContract } from './store-contract.ts';
import { Store } from './store.ts';

/** Serves a store over its contract; it opens the database anew when it was lost. */
export function createStoreHandlers(name: string, now: () => number): ContractHandlers<typeof storeContract> {
  const listeners = new Set<(change: { keys: string[]; lost: boolean }) => void>();
  const announce = (change: { keys: string[]; lost: boolean }): void => {
    for (const listener of listeners) listener(change);
  };
  const open = (): Store => {
    const opened = new Store(name, now);
    opened.onDidChange((keys) => announce({ keys: [...keys], lost: false }));
    opened.onDidLoseDatabase(() => announce({ keys: [], lost: true }));
    return opened;
  };
  let store = open();
  const done = {};

  return {
    store: {
      firstPage: () => store.firstPage(),
      list: (query) => store.list(query),
      row: ({ key }) => store.row(key),
      rowsOf: ({ noun }) => store.rowsOf(noun),
      eventsOf: ({ key }) => store.eventsOf(key),
      position: () => store.position(),
      applyLocal: ({ events }) => store.applyLocal(events).then(() => done),
      applyRefusals: ({ eventIds }) => store.applyRefusals(eventIds).then(() => done),
      applyPull: ({ lines }) => store.applyPull(lines).then(() => done),
      applyEntity: ({ key, events }) => store.applyEntity(key, events).then(() => done),
      incomplete: async () => ({ keys: store.incomplete() }),
      missingPages: async ({ hashes }) => ({ hashes: await store.missingPages(hashes) }),
      stagePage: (segment) => store.stagePage(segment).then(() => done),
      adoptPages: ({ position }) => store.adoptPages(position).then(() => done),
      reopen: async () => {
        await store.close();
        store = open();
        return done;
      },
      changes: async function* (_, { signal }) {
        const queue = new PushQueue<{ keys: string[]; lost: boolean }>();
        const listener = (change: { keys: string[]; lost: boolean }): void => queue.push(change);
        listeners.add(listener);
        signal.addEventListener('abort', () => queue.end(), { once: true });
        try {
          yield* queue;
        } finally {
          listeners.delete(listener);
        }
      },
    },
  };
}
