import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import { nodePortTransport } from '#electron/services/host/node-port-transport.ts';
import { webSocketTransport } from '#electron/services/host/websocket-transport.ts';
import { portTransport } from '#renderer/host/port-transport.ts';
import { openWebSocketTransport } from '#renderer/host/websocket-transport.ts';
import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import type { Transport } from '#shared/host/messages.ts';

/** A way to join a client and a host, as often as asked. */
export interface Wire {
  join(): Promise<{ client: Transport; host: Transport }>;
  close(): Promise<void>;
}

/** The transports the application has. The WebSocket is a real one, and the client's side of it is the page's. */
export const wires: Readonly<Record<string, () => Promise<Wire>>> = {
  'in memory': async () => ({
    join: async () => {
      const [client, host] = memoryTransportPair((message) => decodeFrame(encodeFrame(message)));
      return { client, host };
    },
    close: async () => undefined,
  }),

  MessagePort: async () => {
    const open: Transport[] = [];
    return {
      join: async () => {
        const { port1, port2 } = new MessageChannel();
        const pair = { client: nodePortTransport(port1), host: nodePortTransport(port2) };
        open.push(pair.client);
        return pair;
      },
      close: async () => open.forEach((transport) => transport.close()),
    };
  },

  "the page's MessagePort": async () => {
    const open: Transport[] = [];
    return {
      join: async () => {
        const { port1, port2 } = new MessageChannel();
        // Node's port has the page's interface as well; the client's side uses only that.
        const client = portTransport(port1 as unknown as globalThis.MessagePort);
        open.push(client);
        return { client, host: nodePortTransport(port2) };
      },
      close: async () => open.forEach((transport) => transport.close()),
    };
  },

  WebSocket: async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      join: async () => {
        const host = new Promise<Transport>((resolve) =>
          sockets.once('connection', (socket) => resolve(webSocketTransport(socket))),
        );
        const client = await openWebSocketTransport(`ws://127.0.0.1:${port}`);
        return { client, host: await host };
      },
      close: () => closeServer(server, sockets),
    };
  },
};

async function closeServer(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}
