import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { HOST_SOCKET_PATH } from '#shared/host/browser-host.ts';
import { MAX_FRAME_BYTES } from '#shared/host/codec.ts';
import { HostError } from '#shared/host/errors.ts';
import type { Transport } from '#shared/host/messages.ts';
import type { Hello } from '#shared/host/serve.ts';
import { webSocketTransport } from '../host/websocket-transport.ts';
import { checkToken, isOwnHost, isOwnOrigin } from './gate.ts';
import { createPageFiles, refuse } from './page-files.ts';

/** The one who is in. */
interface Client {
  readonly socket: WebSocket;
  readonly transport: Transport;
}

/** A socket that has not said a right hello by then is closed. */
const HELLO_MS = 2000;
const HEARTBEAT_MS = 15_000;
/** How long the present client may take to say that it is still there; less than a new one's time for its hello. */
const PING_MS = 1500;

export interface ListenOptions {
  readonly port: number;
  /** The built renderer. */
  readonly rendererDir: string;
  /** 256 bits in hex, made anew for each run. */
  readonly token: string;
  /** Serves one client that was let in; `admit` belongs to its hello. */
  readonly serve: (transport: Transport, admit: (hello: Hello) => Promise<void>) => void;
}

export interface Listening {
  readonly port: number;
  /** How many clients are let in: 0 or 1. */
  clients(): number;
  close(): Promise<void>;
}

/**
 * The door of the browser host. It can open shells on customers' devices, so
 * it trusts nobody: loopback only, exact Host and Origin, one client with the
 * token, bounded frames (docs/spec/host.md).
 */
export async function listen(options: ListenOptions): Promise<Listening> {
  let port = options.port;
  let client: Client | undefined;
  let judging: Promise<void> = Promise.resolve();
  const http = createServer({ requestTimeout: 10_000, headersTimeout: 5000, maxHeaderSize: 16 * 1024 });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, '127.0.0.1', () => {
      http.off('error', reject);
      port = (http.address() as AddressInfo).port;
      resolve();
    });
  });
  const pageFiles = createPageFiles(options.rendererDir, `ws://127.0.0.1:${port}`);

  http.on('request', (request, response) => {
    if (!isOwnHost(request, port)) {
      refuse(response, 421, 'This host is not to be reached by that name.');
      return;
    }
    pageFiles(request, response).catch(() => refuse(response, 500, 'The page could not be read.'));
  });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!isOwnOrigin(request, port) || request.url !== HOST_SOCKET_PATH) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      letIn(opened);
    });
  });

  function letIn(socket: WebSocket): void {
    const tooLate = setTimeout(() => socket.terminate(), HELLO_MS);
    const transport = webSocketTransport(socket);
    options.serve(transport, (hello) => {
      // One after the other: two that come at once must not both find the place free.
      judging = judging.then(() => judge({ socket, transport }, hello));
      const verdict = judging;
      judging = verdict.catch(() => undefined);
      return verdict.finally(() => clearTimeout(tooLate));
    });
    socket.on('close', () => {
      clearTimeout(tooLate);
      if (client?.socket === socket) client = undefined;
    });
  }

  async function judge(comer: Client, { token, takeOver }: Hello): Promise<void> {
    checkToken(token, options.token);
    if (client !== undefined && takeOver === true) {
      giveWay(client);
    } else if (client !== undefined && (await isAlive(client.socket))) {
      throw new HostError(
        'host.clientActive',
        'Faultline is already open in another window. Go on there, or take it over here.',
      );
    }
    client?.socket.terminate();
    client = comer;
    watch(comer.socket);
  }

  /** Says why before it closes: a page that is only cut off would come back. */
  function giveWay(leaver: Client): void {
    client = undefined;
    const { code, message } = new HostError(
      'host.takenOver',
      'Faultline was opened in another window and goes on there. Everything is saved.',
    );
    leaver.transport.send({ t: 'refused', error: { code, message, detail: {} } });
    leaver.transport.close();
    // Who does not close in turn is cut off.
    const tooLate = setTimeout(() => leaver.socket.terminate(), PING_MS);
    leaver.socket.once('close', () => clearTimeout(tooLate));
  }

  /** A client that answers no ping has gone without saying so; its place is free again. */
  function watch(socket: WebSocket): void {
    let isAlive = true;
    socket.on('pong', () => {
      isAlive = true;
    });
    const beat = setInterval(() => {
      if (!isAlive) {
        socket.terminate();
        return;
      }
      isAlive = false;
      socket.ping();
    }, HEARTBEAT_MS);
    socket.on('close', () => clearInterval(beat));
  }

  return {
    port,
    clients: () => (client === undefined ? 0 : 1),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
    },
  };
}

/** Asks the one who is in. Who does not answer has gone without saying so, and a reload must not wait for that. */
function isAlive(socket: WebSocket): Promise<boolean> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onPong = (): void => resolve(true);
  const onClose = (): void => resolve(false);
  const timer = setTimeout(onClose, PING_MS);
  socket.once('pong', onPong).once('close', onClose);
  socket.ping();
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off('pong', onPong).off('close', onClose);
  });
}
