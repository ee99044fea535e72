import { connectContract } from '#shared/host/client.ts';
import type { ContractClient } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import { portTransport } from '../host/port-transport.ts';
import { storeContract, type Protection } from './store-contract.ts';
import type { StoreStart } from './store.worker.ts';

export type StoreClient = ContractClient<typeof storeContract>['store'];

/** The key of the cached pages, as the host answers it. */
export interface CacheKey {
  readonly key: Uint8Array | null;
  readonly protection: Protection;
}

/** A store whose worker runs. */
export interface OpenStore {
  readonly client: StoreClient;
  /** Resolves when the worker has ended, whoever ended it. What is asked after that fails with `store.lost`. */
  readonly ended: Promise<void>;
  /** Ends the worker; another one, of this window or of the next, can open the database. */
  close(): void;
}

const ended = (): HostError =>
  new HostError('store.lost', 'The local database has stopped. What was saved is safe in the journal.');

/**
 * Starts the store's worker for one workspace. It loads while the key is on its way, and waits while another window has
 * the database.
 * @throws what `cacheKey` throws: a store that should be sealed is not opened without its key. HostError
 * `store.notStarted` when the worker cannot be loaded or fails before it answers.
 */
export async function openStore(workspaceId: string, cacheKey: Promise<CacheKey>): Promise<OpenStore> {
  const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module', name: 'store' });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const fail = (): void =>
    failed.reject(new HostError('store.notStarted', 'The local database could not be started.'));
  worker.addEventListener('error', fail);
  worker.addEventListener('messageerror', fail);
  try {
    const { key, protection } = await Promise.race([cacheKey, failed.promise]);
    const { port1, port2 } = new MessageChannel();
    const start: StoreStart = {
      database: `faultline-${workspaceId}`,
      key: key && new Uint8Array(key),
      protection,
    };
    worker.postMessage(start, [port2]);
    const transport = portTransport(port1);
    const connection = await Promise.race([
      connectContract(storeContract, transport, { lost: ended }),
      failed.promise,
    ]);
    const watch = new AbortController();
    const close = (): void => {
      watch.abort();
      worker.terminate();
      transport.close();
    };
    // A worker that dies tells nobody, but its lock is free then.
    navigator.locks.request(start.database, { signal: watch.signal }, close).catch(() => undefined);
    // After an error that nobody caught nothing is certain in there; what it holds is all written down elsewhere.
    failed.promise.catch(close);
    return { client: connection.client.store, ended: connection.closed.then(() => undefined), close };
  } catch (thrown) {
    worker.terminate();
    throw thrown;
  }
}
