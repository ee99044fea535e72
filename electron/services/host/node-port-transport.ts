import type { MessagePort } from 'node:worker_threads';
import { withOwnBinary } from '#shared/host/codec.ts';
import { Inbox } from '#shared/host/inbox.ts';
import type { Transport } from '#shared/host/messages.ts';

/** A transport over one end of a `MessageChannel` of worker_threads. Values are copied by structured clone. */
export function nodePortTransport(port: MessagePort): Transport {
  const inbox = new Inbox();
  // Listened to from the start: a port nobody listens to never learns that the other side has closed.
  port.on('message', (message) => inbox.deliver(message));
  port.on('close', () => inbox.end());
  port.on('messageerror', () => port.close());
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
