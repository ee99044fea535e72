import { createHash, randomBytes } from 'node:crypto';
import { HostError } from '#shared/host/errors.ts';
import { type Hello, type LoginAnswer, SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import type { LoginKeeper } from '../access/login-keeper.ts';
import { ServerClient } from '../sync/server-client.ts';
import { parseServerUrl } from '../sync/server-url.ts';
import { SyncError } from '../sync/sync-error.ts';
import type { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';

/** The device that logs in: known to the server already, or to be registered. */
export interface LoginDevice {
  readonly id?: string;
  readonly code?: string;
  readonly name: string;
}

interface BegunLogin {
  readonly url: string;
  readonly id: string;
  readonly verifier: string;
  readonly device: LoginDevice;
}

/** Ways into a server: with a password, or through the company's provider in the user's browser. */
export class ServerDoor {
  readonly #keeper: LoginKeeper;
  readonly #trust: TrustingDispatcher;
  readonly #clients = new Map<string, ServerClient>();
  #begun: BegunLogin | undefined;

  constructor(keeper: LoginKeeper, trust: TrustingDispatcher) {
    this.#keeper = keeper;
    this.#trust = trust;
  }

  /** The client that opens a server's routes with the login that is kept: one for each, as it knows which version is spoken. */
  client(url: string): ServerClient {
    const known = this.#clients.get(url);
    if (known !== undefined) return known;
    const client = new ServerClient(url, undefined, { tokens: this.#keeper, trust: this.#trust });
    this.#clients.set(url, client);
    return client;
  }

  /** What the server tells without a login. @throws HostError `app.badUrl`, SyncError. */
  hello(url: string): Promise<Hello> {
    return this.client(parseServerUrl(url)).hello();
  }

  /** @throws HostError `app.badUrl`, SyncError `sync.otherVersion` and those of a login. */
  async login(
    url: string,
    who: { readonly tenant: string; readonly user: string; readonly password: string },
    device: LoginDevice,
  ): Promise<{ url: string; answer: LoginAnswer }> {
    const address = parseServerUrl(url);
    await this.#greet(address);
    const answer = await this.client(address).login({ ...who, device: await this.#describe(device) });
    return { url: address, answer };
  }

  /** @returns the address to open in the browser. */
  async beginBrowserLogin(
    url: string,
    tenant: string,
    device: LoginDevice,
  ): Promise<{ url: string; expiresAt: string }> {
    const address = parseServerUrl(url);
    await this.#greet(address);
    // RFC 7636: only whoever began can complete.
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const begun = await this.client(address).oidcBegin({ tenant, challenge });
    this.#begun = { url: address, id: begun.id, verifier, device };
    return { url: begun.url, expiresAt: begun.expiresAt };
  }

  /** @throws HostError `app.noBrowserLogin`, SyncError `sync.wrongCode` and those of a login. */
  async completeBrowserLogin(code: string): Promise<{ url: string; answer: LoginAnswer }> {
    const begun = this.#begun;
    if (begun === undefined)
      throw new HostError(
        'app.noBrowserLogin',
        'No sign-in in the browser is under way. Begin it again; nothing was changed.',
      );
    const { url, id, verifier, device } = begun;
    const answer = await this.client(url).oidcComplete({
      id,
      verifier,
      code,
      device: await this.#describe(device),
    });
    this.#begun = undefined;
    return { url, answer };
  }

  async #greet(url: string): Promise<void> {
    const { protocol } = await this.client(url).hello();
    if (protocol.max >= SYNC_PROTOCOL.min && protocol.min <= SYNC_PROTOCOL.max) return;
    throw new SyncError(
      'sync.otherVersion',
      'The server speaks another version. Update Faultline or the server.',
    );
  }

  async #describe(device: LoginDevice) {
    const { publicKey } = await this.#keeper.key();
    return { ...device, platform: process.platform, publicKey };
  }
}
