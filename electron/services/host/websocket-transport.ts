import type { RawData, WebSocket } from 'ws';
import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import { Inbox } from '#shared/host/inbox.ts';
import type { Transport } from '#shared/host/messages.ts';

/** RFC 6455 7.4.1: what arrived was no message of ours. */
const PROTOCOL_ERROR = 1002;

/** A transport over the host's side of a WebSocket. Anything but a well-formed binary frame closes it. */
export function webSocketTransport(socket: WebSocket): Transport {
  const inbox = new Inbox();
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const message = isBinary ? decode(data) : undefined;
    if (message === undefined) socket.close(PROTOCOL_ERROR);
    else inbox.deliver(message);
  });
  socket.on('close', () => inbox.end());
  // `close` follows; without a listener the error would end the process.
  socket.on('error', () => socket.terminate());
  return {
    send: (message) => {
      if (!inbox.isClosed && socket.readyState === socket.OPEN) socket.send(encodeFrame(message));
    },
    onMessage: inbox.onMessage,
    onClose: inbox.onClose,
    close: () => {
      socket.close();
      inbox.end();
    },
  };
}

function decode(data: RawData): unknown {
  try {
    return decodeFrame(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer));
  } catch {
    // Malformed: told apart from every message of ours, which is an object.
    return undefined;
  }
}
