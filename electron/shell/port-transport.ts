import type { MessagePortMain } from 'electron';
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
  let isClosed = false;
  let onClosed: (() => void) | undefined;
  const end = (): void => {
    if (isClosed) return;
    isClosed = true;
    onClosed?.();
  };
  port.on('close', end);
  return {
    send: (message) => {
      if (!isClosed) port.postMessage(message);
    },
    onMessage: (listener) => {
      port.on('message', (event) => {
        if (!isClosed) listener(event.data);
      });
      port.start();
    },
    onClose: (listener) => {
      onClosed = listener;
      if (isClosed) listener();
    },
    close: () => {
      if (isClosed) return;
      port.close();
      end();
    },
  };
}
