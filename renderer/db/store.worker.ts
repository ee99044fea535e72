import '../host/no-eval.ts';
import { serveContract } from '#shared/host/serve.ts';
import { portTransport } from '../host/port-transport.ts';
import { storeContract, type Protection } from './store-contract.ts';
import { createStoreHandlers } from './store-handlers.ts';

/** How the page starts the worker. */
export interface StoreStart {
  readonly database: string;
  /** 32 bytes; `null` where this computer has no place to keep a key. */
  readonly key: Uint8Array<ArrayBuffer> | null;
  readonly protection: Protection;
}

/** The first message names the database, brings its key, and hands over the port that everything else goes through. */
self.onmessage = (message: MessageEvent<StoreStart>) => {
  const port = message.ports[0];
  if (port === undefined) throw new Error('The store was started without a port.');
  const { database, key, protection } = message.data;
  // Two stores on one database would not see what the other writes: the second waits until the first has ended, and
  // the lock goes with the worker that holds it.
  void navigator.locks.request(database, () => {
    serveContract(
      storeContract,
      createStoreHandlers(database, () => Date.now(), { key: key ?? undefined, protection }),
      portTransport(port),
    );
    return new Promise(() => undefined);
  });
};
