import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Manifest, PullLine, PushRequest, Verdict } from '#shared/sync/protocol.ts';
import { listen } from './listen.ts';

/** What goes wrong with the next request of a route. */
export type Mishap =
  | { readonly status: number; readonly code?: string; readonly retryAfter?: number; readonly epoch?: string }
  /** The server does its work, and the answer never arrives. */
  | 'dropAnswer'
  | 'garbage';

const DELIVERS: ReadonlySet<string> = new Set(['/v1/push', '/v1/carried', '/v1/uploads', '/v1/blobs']);

/**
 * A server of the real protocol whose mishaps a test can script. It judges
 * events by a function, keeps what it accepted, and counts what it was asked.
 */
export class ScriptedServer {
  epoch = 'epoch-1';
  durable = true;
  protocol = { min: 1, max: 1 };
  token = 'token-1';
  judge: (event: DomainEvent) => Omit<Verdict, 'id'> = () => ({ verdict: 'accepted' });
  /** A push that holds such an event is refused as a whole, as one that fails its schema is. */
  unreadable: (event: DomainEvent) => boolean = () => false;
  /** A push that holds such an event meets a fault of the server. */
  faulty: (event: DomainEvent) => boolean = () => false;
  readonly accepted = new Map<string, DomainEvent>();
  readonly blobs = new Map<string, Buffer>();
  readonly pushes: DomainEvent[][] = [];
  /** What each push said about the runs of the host. */
  readonly runs: PushRequest['run'][] = [];
  /** The device is revoked: only what hands over is answered. */
  isRevoked = false;
  readonly requests: string[] = [];
  readonly mishaps = new Map<string, Mishap[]>();
  pullLines: (PullLine | string)[] = [];
  segments = new Map<string, Buffer>();
  manifest: Manifest = {
    epoch: 'epoch-1',
    cursors: {},
    checksums: {},
    latestHlc: '',
    deleted: [],
    segments: [],
  };
  readonly #pokers = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  async start(): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The next requests of this route go wrong, one mishap each. */
  fail(route: string, ...mishaps: Mishap[]): void {
    this.mishaps.set(route, mishaps);
  }

  poke(): void {
    for (const poker of this.#pokers) poker.write('data: 1\n\n');
  }

  cutPokes(): void {
    for (const poker of this.#pokers) poker.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    const route = /^\/v1\/[a-z]+/.exec(url)?.[0] ?? url;
    this.requests.push(`${request.method} ${url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const mishap = this.mishaps.get(route)?.shift();
    const isOpen = route === '/v1/hello' || route === '/v1/login';
    if (!isOpen && request.headers.authorization !== `Bearer ${this.token}`) {
      this.#problem(response, { status: 401, code: 'auth.expired' });
    } else if (this.isRevoked && !isOpen && !DELIVERS.has(route)) {
      this.#problem(response, { status: 403, code: 'auth.deviceRevoked' });
    } else if (typeof mishap === 'object') {
      this.#problem(response, mishap);
    } else if (mishap === 'garbage') {
      response.end('<html>portal</html>');
    } else {
      const reply = this.#handle(route, url, request, response, body);
      if (mishap === 'dropAnswer') response.destroy();
      else reply?.();
    }
  }

  #handle(
    route: string,
    url: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): (() => void) | undefined {
    const json = (value: unknown) => () => response.end(JSON.stringify(value));
    const serverTime = new Date().toISOString();
    const sha256 = url.split('/').at(-1) ?? '';
    switch (route) {
      case '/v1/hello':
        return json({ product: 'faultline', protocol: this.protocol, epoch: this.epoch, serverTime });
      case '/v1/login':
        return this.#login(JSON.parse(body.toString()) as { password: string }, response);
      case '/v1/push': {
        const { events, run } = JSON.parse(body.toString()) as PushRequest;
        this.runs.push(run);
        if (events.some(this.unreadable))
          return () => this.#problem(response, { status: 400, code: 'http.malformed' });
        if (events.some(this.faulty))
          return () => this.#problem(response, { status: 500, code: 'server.fault' });
        this.pushes.push(events);
        const verdicts = events.map((event) => ({ id: event.id, ...this.judge(event) }));
        for (const [index, event] of events.entries())
          if (verdicts[index]!.verdict !== 'refused') this.accepted.set(event.id, event);
        return json({ epoch: this.epoch, serverTime, durable: this.durable, verdicts });
      }
      case '/v1/pull':
      case '/v1/entities':
        return () =>
          response.end(
            this.pullLines
              .map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
              .join(''),
          );
      case '/v1/bootstrap':
        return json(this.manifest);
      case '/v1/segments':
        return () => response.end(this.segments.get(sha256));
      case '/v1/poke':
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 0\n\n');
        this.#pokers.add(response);
        response.on('close', () => this.#pokers.delete(response));
        return undefined;
      case '/v1/blobs':
        return this.#blob(sha256, request, response, body);
      default:
        return () => this.#problem(response, { status: 404 });
    }
  }

  #login({ password }: { password: string }, response: ServerResponse): () => void {
    if (password !== 'right')
      return () => this.#problem(response, { status: 401, code: 'auth.wrongPassword' });
    return () =>
      response.end(
        JSON.stringify({
          token: this.token,
          expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
          epoch: this.epoch,
          tenant: 'main',
          userId: 'li.wei',
          userName: '李伟',
          roles: ['engineer'],
          deviceId: 'device-of-server',
          deviceCode: 'SZ03',
          scopes: ['org', 'region/sz'],
          homeRegion: 'sz',
        }),
      );
  }

  #blob(sha256: string, request: IncomingMessage, response: ServerResponse, body: Buffer): () => void {
    if (request.method === 'PUT') {
      if (createHash('sha256').update(body).digest('hex') !== sha256)
        return () => this.#problem(response, { status: 422 });
      this.blobs.set(sha256, body);
      return () => response.end(JSON.stringify({ sha256, size: body.length, durable: this.durable }));
    }
    const blob = this.blobs.get(sha256);
    if (blob === undefined) return () => this.#problem(response, { status: 404, code: 'blob.unknown' });
    return () => response.end(request.method === 'HEAD' ? undefined : blob);
  }

  #problem(
    response: ServerResponse,
    { status, code = 'test.mishap', retryAfter, epoch }: Exclude<Mishap, string>,
  ): void {
    if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
    response.writeHead(status).end(JSON.stringify({ code, detail: `scripted ${status}`, epoch }));
  }
}
