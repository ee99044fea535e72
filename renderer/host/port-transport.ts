import { withOwnBinary } from '#shared/host/codec.ts';
import { Inbox } from '#shared/host/inbox.ts';
import type { Transport } from '#shared/host/messages.ts';

/** A transport over the port that the preload has handed to the page. */
export function portTransport(port: MessagePort): Transport {
  const inbox = new Inbox();
  port.addEventListener('message', (event) => inbox.deliver(event.data));
  port.addEventListener('messageerror', () => port.close());
  // Chromium tells the other side since version 122.
  port.addEventListener('close', () => inbox.end());
  port.start();
  return {
    send: (message) => {
      if (!inbox.isClosed) port.postMessage(withOwnBinary(message));
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close: () => {
      port.close();
      inbox.end();
    },
  };
}
