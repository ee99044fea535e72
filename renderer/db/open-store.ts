import { connectContract } from '#shared/host/client.ts';
import type { ContractClient } from '#shared/host/define.ts';
import { portTransport } from '../host/port-transport.ts';
import { storeContract } from './store-contract.ts';

export type StoreClient = ContractClient<typeof storeContract>['store'];

/** Starts the store's worker for one workspace. */
export async function openStore(workspaceId: string): Promise<StoreClient> {
  const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module', name: 'store' });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ database: `faultline-${workspaceId}` }, [port2]);
  const connection = await connectContract(storeContract, portTransport(port1));
  return connection.client.store;
}
