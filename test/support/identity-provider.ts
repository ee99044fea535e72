import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** What the provider tells of somebody, beside the subject. */
export type Claims = Readonly<Record<string, unknown>>;

export interface IdentityProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** By login name, which is the subject as well. */
  readonly people: Map<string, Claims>;
  /** Has to be told before anybody signs in: where the browser is sent back to. */
  allowRedirectTo(address: string): void;
  /** Signs in as somebody who opens `url` in a browser; returns the address that the browser is sent back to, unopened. */
  signIn(url: string, login: string): Promise<string>;
  /** Refuses every connection until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** A real OpenID Connect provider on 127.0.0.1, with its own development pages for password and consent. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => void handle(request, response));
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Claims>();
  const [clientId, clientSecret] = ['faultline', 'the-secret-of-faultline'];
  let back = '';
  return {
    issuer,
    clientId,
    clientSecret,
    people,
    allowRedirectTo: (address) => {
      back = address;
      const provider = new Provider(issuer, {
        clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [address] }],
        claims: {
          openid: ['sub'],
          email: ['email', 'email_verified'],
          profile: ['name', 'preferred_username'],
        },
        cookies: { keys: ['signs the cookies of a test'] },
        findAccount: async (_context, id) => ({
          accountId: id,
          claims: () => ({ sub: id, ...people.get(id) }),
        }),
      });
      handle = provider.callback();
    },
    signIn: (url, login) => new Browser(back).signIn(url, login),
    down: close,
    up: () => listen(port),
    stop: async () => {
      if (server.listening) await close();
    },
  };
}

/** Cookies, redirects and two forms: what a browser does between the first address and the way back. */
class Browser {
  readonly #cookies = new Map<string, string>();
  readonly #back: string;

  constructor(back: string) {
    this.#back = back;
  }

  async signIn(url: string, login: string): Promise<string> {
    let place = await this.#open(url);
    for (let form = 0; form < 2 && !place.startsWith(this.#back); form++) {
      const prompt: Record<string, string> =
        form === 0 ? { prompt: 'login', login, password: 'any' } : { prompt: 'consent' };
      place = await this.#open(place, new URLSearchParams(prompt));
    }
    return place;
  }

  /** Follows redirects until a page comes or the way leads back to the server; returns that address. */
  async #open(url: string, form?: URLSearchParams): Promise<string> {
    let [place, body] = [url, form];
    for (let hop = 0; hop < 10; hop++) {
      const response = await fetch(place, {
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; ') },
        ...(body === undefined ? {} : { method: 'POST', body }),
      });
      await response.arrayBuffer();
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
      }
      const next = response.headers.get('location');
      if (next === null) return place;
      place = new URL(next, place).href;
      body = undefined;
      if (place.startsWith(this.#back)) return place;
    }
    throw new Error('The provider redirects without end.');
  }
}
