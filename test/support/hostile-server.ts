import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/** How a server misbehaves on a route. */
export type Misbehaviour =
  /** Takes the request and says nothing, ever. */
  | 'silent'
  /** Answers forever, one byte at a time. */
  | 'drip'
  /** A status with headers and a body that never begins. */
  | 'headersOnly'
  /** Closes the connection in the middle of the body. */
  | 'cut'
  /** A sign-in page in the server's place. */
  | 'portal'
  /** Sends the visitor to one. */
  | 'redirect'
  /** A poke line that stands and says nothing. */
  | 'deaf';

/** Wraps the address of a real server: what is not told to misbehave is passed on. */
export class HostileServer {
  readonly misbehave = new Map<string, Misbehaviour>();
  /** Requests that misbehaved. */
  readonly met: string[] = [];
  readonly #behind: string;
  readonly #drips = new Set<NodeJS.Timeout>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  constructor(behind: string) {
    this.#behind = behind;
  }

  async start(): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server)}`;
  }

  async stop(): Promise<void> {
    for (const drip of this.#drips) clearInterval(drip);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = /^\/v1\/[a-z]+/.exec(request.url ?? '')?.[0] ?? '';
    const how = this.misbehave.get(route);
    if (how !== undefined) {
      this.met.push(`${how} ${route}`);
      this.#misbehave(how, response);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const stop = new AbortController();
    response.on('close', () => stop.abort());
    const answer = await fetch(`${this.#behind}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(
        ['authorization', 'content-type', 'faultline-protocol'].flatMap((name) => {
          const value = request.headers[name];
          return typeof value === 'string' ? [[name, value]] : [];
        }),
      ),
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      signal: stop.signal,
    });
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, type === null ? {} : { 'content-type': type });
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  }

  #misbehave(how: Misbehaviour, response: ServerResponse): void {
    switch (how) {
      case 'silent':
        return;
      case 'headersOnly':
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
        return;
      case 'deaf':
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        return;
      case 'drip': {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 5);
        this.#drips.add(drip);
        response.on('close', () => clearInterval(drip));
        return;
      }
      case 'cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"epoch":');
        setImmediate(() => response.destroy());
        return;
      case 'portal':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in to the network</html>');
        return;
      case 'redirect':
        response.writeHead(302, { location: 'http://portal.example/login' }).end();
    }
  }
}
