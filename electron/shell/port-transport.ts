import type { MessagePortMain } from 'electron';
import { withOwnBinary } from '#shared/host/codec.ts';
import { Inbox } from '#shared/host/inbox.ts';
import type { Transport } from '#shared/host/messages.ts';

/** What ports of the main process and of a worker have in common. */
export type MainPort = Pick<MessagePortMain, 'postMessage' | 'start' | 'close'> & {
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
};

/**
 * A transport over one end of a MessageChannelMain. Values are copied by
 * structured clone, so bytes stay bytes. The port delivers from the first
 * listener on; what came before waits in it.
 */
export function portTransport(port: MainPort): Transport {
  const inbox = new Inbox();
  port.on('close', () => inbox.end());
  return {
    send: (message) => {
      if (!inbox.isClosed) port.postMessage(withOwnBinary(message));
    },
    onMessage: (listener) => {
      inbox.onMessage(listener);
      port.on('message', (event) => inbox.deliver(event.data));
      port.start();
    },
    onClose: inbox.onClose,
    close: () => {
      if (inbox.isClosed) return;
      port.close();
      inbox.end();
    },
  };
}
