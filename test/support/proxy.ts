import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RoundRobinProxy {
  readonly url: string;
  /** Which backend served each request, in order: its place in the list. */
  readonly served: number[];
  /** Takes a backend out, as a balancer does whose health check failed, or in again. */
  setOut(place: number, isOut: boolean): void;
  close(): Promise<void>;
}

/**
 * A balancer without sticky sessions: each request goes to the next backend, on a connection of its own. A backend
 * that does not answer at all is passed over for requests without a body, as real balancers do.
 */
export async function startRoundRobinProxy(backends: readonly string[]): Promise<RoundRobinProxy> {
  const served: number[] = [];
  const out = new Set<number>();
  let turn = 0;

  const next = (): number => {
    for (let tried = 0; tried < backends.length; tried++) {
      const place = turn++ % backends.length;
      if (!out.has(place)) return place;
    }
    throw new Error('No backend is left.');
  };
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse, triesLeft: number): void => {
    const place = next();
    const backend = new URL(backends[place]!);
    const request = httpRequest({
      host: backend.hostname,
      port: backend.port,
      method: incoming.method,
      path: incoming.url,
      agent: false,
      headers: { ...incoming.headers, 'x-forwarded-for': incoming.socket.remoteAddress ?? '' },
    });
    request.on('response', (response) => {
      served.push(place);
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      outgoing.flushHeaders();
      response.pipe(outgoing);
      response.on('error', () => outgoing.destroy());
    });
    request.on('error', () => {
      const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
      if (outgoing.headersSent || hasBody) {
        if (outgoing.headersSent) outgoing.destroy();
        else outgoing.writeHead(502).end();
        return;
      }
      if (triesLeft > 0) forward(incoming, outgoing, triesLeft - 1);
      else outgoing.writeHead(502).end();
    });
    outgoing.on('close', () => request.destroy());
    incoming.pipe(request);
  };

  const server = createServer((incoming, outgoing) => forward(incoming, outgoing, backends.length));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    served,
    setOut: (place, isOut) => void (isOut ? out.add(place) : out.delete(place)),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
