import { connectContract } from '#shared/host/client.ts';
import type { ContractClient } from '#shared/host/define.ts';
import { portTransport } from '../host/port-transport.ts';
import { storeContract, type Protection } from './store-contract.ts';
import type { StoreStart } from './store.worker.ts';

export type StoreClient = ContractClient<typeof storeContract>['store'];

/** The key of the cached pages, as the host answers it. */
export interface CacheKey {
  readonly key: Uint8Array | null;
  readonly protection: Protection;
}

/**
 * Starts the store's worker for one workspace. It loads while the key is on its way.
 * @throws what `cacheKey` throws: a store that should be sealed is not opened without its key.
 */
export async function openStore(workspaceId: string, cacheKey: Promise<CacheKey>): Promise<StoreClient> {
  const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module', name: 'store' });
  try {
    const { key, protection } = await cacheKey;
    const { port1, port2 } = new MessageChannel();
    const start: StoreStart = {
      database: `faultline-${workspaceId}`,
      key: key && new Uint8Array(key),
      protection,
    };
    worker.postMessage(start, [port2]);
    const connection = await connectContract(storeContract, portTransport(port1));
    return connection.client.store;
  } catch (thrown) {
    worker.terminate();
    throw thrown;
  }
}
