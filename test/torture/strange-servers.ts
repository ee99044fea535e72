import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StrangeServer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** What stands in the server's place behind a hotel's network: whatever is asked, a page to sign in at. */
export function startCaptivePortal(): Promise<StrangeServer> {
  return start((_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        '<!doctype html><title>Welcome to our network</title><form action="/login"><input name="room"></form>',
      );
  });
}

/** A proxy that reads an answer to its end before it passes on the first byte: a stream that does not end never arrives. */
export function startBufferingProxy(target: string): Promise<StrangeServer> {
  const { hostname, port } = new URL(target);
  return start((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const asked = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
      void wholeOf(answer).then(
        (body) => outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(body),
        () => outgoing.destroy(),
      );
    });
    asked.on('error', () => outgoing.destroy());
    outgoing.on('close', () => asked.destroy());
    incoming.pipe(asked);
  });
}

async function wholeOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function start(answer: RequestListener): Promise<StrangeServer> {
  const asked: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? '');
    void answer(incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
