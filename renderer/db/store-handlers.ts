import type { ContractHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import { PushQueue } from './push-queue.ts';
import { Unreadable } from './cipher.ts';
import { readDeliveries } from './deliveries.ts';
import type { Protection, storeContract, StoreChange } from './store-contract.ts';
import { Store, type StoreOptions } from './store.ts';

/** How Dexie and IndexedDB say that the database is not there any more. */
const GONE = new Set([
  'DatabaseClosedError',
  'InvalidStateError',
  'NotFoundError',
  'OpenFailedError',
  'UnknownError',
  'AbortError',
]);

export interface StoreHandlerOptions extends StoreOptions {
  readonly protection?: Protection;
}

/** Serves a store over its contract; it opens the database anew when it was lost. */
export function createStoreHandlers(
  name: string,
  now: () => number,
  { protection = 'none', ...options }: StoreHandlerOptions = {},
): ContractHandlers<typeof storeContract> {
  const listeners = new Set<(change: StoreChange) => void>();
  const announce = (change: StoreChange): void => {
    for (const listener of listeners) listener(change);
  };
  let offsetMs = 0;
  const present = (): number => now() + offsetMs;
  const open = (): Store => {
    const opened = new Store(name, present, options);
    opened.onDidChange((keys) => announce({ keys: [...keys], lost: false, damaged: false }));
    opened.onDidFindDamage(() => announce({ keys: [], lost: false, damaged: true }));
    opened.onDidLoseDatabase(() => announce({ keys: [], lost: true, damaged: false }));
    return opened;
  };
  /**
   * Names the one failure that has a remedy: the database is gone, and is being filled again. A record that does not open
   * (a page that does not is repaired by itself) makes the whole of it worth nothing.
   */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      const isUnreadable = thrown instanceof Unreadable;
      if (!(thrown instanceof Error)) throw thrown;
      // Why a database does not open at all is said in many ways.
      const isGone = isUnreadable || GONE.has(thrown.name) || !(await store.didOpen());
      if (!isGone) throw thrown;
      if (isUnreadable) await store.empty();
      throw new HostError('store.lost', 'The browser has dropped the local database; it is being rebuilt.');
    }
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
      applyPull: ({ lines }) => guarded(() => store.applyPull(lines)),
      applyEntity: ({ key, lines }) =>
        guarded(() => store.applyEntity(key, readDeliveries(lines).arrived).then(() => done)),
      incomplete: () => guarded(async () => ({ keys: await store.incomplete() })),
      missingPages: ({ hashes }) => guarded(async () => ({ hashes: await store.missingPages(hashes) })),
      stagePage: (segment) => guarded(() => store.stagePage(segment).then(() => done)),
      adoptScope: (adoption) => guarded(() => store.adoptScope(adoption).then(() => done)),
      applyScopeLoss: ({ scopes }) => guarded(() => store.dropScopes(scopes).then(() => done)),
      compact: () => guarded(async () => ({ packed: await store.compact() })),
      setClock: async (clock) => {
        offsetMs = clock.offsetMs;
        return done;
      },
      protection: async () => ({ protection }),
      reopen: async () => {
        await store.close();
        store = open();
        return done;
      },
      changes: async function* (_, { signal }) {
        const queue = new PushQueue<StoreChange>();
        const listener = (change: StoreChange): void => queue.push(change);
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
