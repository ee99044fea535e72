import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import { Inbox } from '#shared/host/inbox.ts';
import type { Transport } from '#shared/host/messages.ts';

/**
 * Opens a WebSocket to the browser host.
 * @returns the transport once it is open; rejects when it cannot be opened.
 */
export function openWebSocketTransport(url: string): Promise<Transport> {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const inbox = new Inbox();
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  socket.addEventListener('message', ({ data }) => {
    const message = data instanceof ArrayBuffer ? decode(data) : undefined;
    if (message === undefined) socket.close();
    else inbox.deliver(message);
  });
  socket.addEventListener('close', () => {
    inbox.end();
    reject(new Error('The host cannot be reached.'));
  });
  socket.addEventListener('open', () => {
    resolve({
      send: (message) => {
        if (!inbox.isClosed && socket.readyState === WebSocket.OPEN) socket.send(encodeFrame(message));
      },
      onMessage: inbox.onMessage,
      onClose: inbox.onClose,
      close: () => {
        socket.close();
        inbox.end();
      },
    });
  });
  return promise;
}

function decode(data: ArrayBuffer): unknown {
  try {
    return decodeFrame(new Uint8Array(data));
  } catch {
    // Malformed: the caller closes.
    return undefined;
  }
}
