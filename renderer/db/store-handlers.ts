import type { ContractHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
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
      firstPage: () => guarded(() => store.firstPage()),
      list: (query) => guarded(() => store.list(query)),
      row: ({ key }) => guarded(() => store.row(key)),
      rowsOf: ({ noun }) => guarded(() => store.rowsOf(noun)),
      eventsOf: ({ key }) => guarded(() => store.eventsOf(key)),
      position: () => guarded(() => store.position()),
      applyLocal: ({ events }) => guarded(() => store.applyLocal(events).then(() => done)),
      applyRefusals: ({ eventIds }) => guarded(() => store.applyRefusals(eventIds).then(() => done)),
      applyPull: ({ lines }) => guarded(() => store.applyPull(lines).then(() => done)),
      applyEntity: ({ key, events }) => guarded(() => store.applyEntity(key, events).then(() => done)),
      incomplete: async () => ({ keys: store.incomplete() }),
      missingPages: ({ hashes }) => guarded(async () => ({ hashes: await store.missingPages(hashes) })),
      stagePage: (segment) => guarded(() => store.stagePage(segment).then(() => done)),
      adoptPages: ({ position }) => guarded(() => store.adoptPages(position).then(() => done)),
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

/** How Dexie and IndexedDB say that the database is not there any more. */
const GONE = new Set([
  'DatabaseClosedError',
  'InvalidStateError',
  'NotFoundError',
  'OpenFailedError',
  'UnknownError',
  'AbortError',
]);

/** Names the one failure that has a remedy: the database is gone, and is being filled again. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Error && GONE.has(thrown.name)) {
      throw new HostError('store.lost', 'The browser has dropped the local database; it is being rebuilt.');
    }
    throw thrown;
  }
}
