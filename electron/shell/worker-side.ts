import type { Transport } from '#shared/host/messages.ts';
import { portTransport, type MainPort } from './port-transport.ts';

/** `process.parentPort` as Electron gives it to a utility process. */
interface ParentPort {
  once(
    event: 'message',
    listener: (event: { data: { settings: unknown }; ports: MainPort[] }) => void,
  ): unknown;
}

/**
 * The other side of `spawnWorkerProcess`: waits for the port and serves over
 * it. A rejection that nobody handles ends the process: Electron would only
 * warn, and half a worker is worse than none.
 */
export function serveParent(serve: (transport: Transport, settings: unknown) => unknown): void {
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  const { parentPort } = process as unknown as { parentPort?: ParentPort };
  if (parentPort === undefined) throw new Error('This file runs only in a utility process.');
  parentPort.once('message', ({ data, ports: [port] }) => {
    if (port === undefined) throw new Error('The first message to a worker has to carry its port.');
    serve(portTransport(port), data.settings);
  });
}
