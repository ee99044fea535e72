import '../host/no-eval.ts';
import { serveContract } from '#shared/host/serve.ts';
import { portTransport } from '../host/port-transport.ts';
import { storeContract } from './store-contract.ts';
import { createStoreHandlers } from './store-handlers.ts';

/** The first message names the database and hands over the port that everything else goes through. */
self.onmessage = (message: MessageEvent<{ database: string }>) => {
  const port = message.ports[0];
  if (port === undefined) throw new Error('The store was started without a port.');
  serveContract(
    storeContract,
    createStoreHandlers(message.data.database, () => Date.now()),
    portTransport(port),
  );
};
