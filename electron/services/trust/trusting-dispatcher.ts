import { createSecureContext, getCACertificates } from 'node:tls';
import type { Authorities } from './authorities.ts';

/** What `fetch` hands a request to. Node's own type is not exported. */
export interface Dispatcher {
  close(): Promise<void>;
}

type Agent = new (options: { connect: { secureContext: unknown } }) => Dispatcher;

/** Where Node keeps the dispatcher of its `fetch` (undici, lib/global.js). */
const GLOBAL_DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/**
 * Makes `fetch` trust private authorities for one server alone: a dispatcher with certificates of its own, given to each
 * request. The process at large trusts what it trusted before, and a connection that was opened under the old list is
 * not used again.
 */
export class TrustingDispatcher {
  readonly #authorities: Authorities;
  #dispatcher: Dispatcher | undefined;

  constructor(authorities: Authorities) {
    this.#authorities = authorities;
    authorities.onChanged = () => this.#renew();
  }

  /** `undefined` for addresses without TLS. */
  async of(url: string): Promise<Dispatcher | undefined> {
    if (!url.startsWith('https:')) return undefined;
    this.#dispatcher ??= new (await agentOfFetch())({
      connect: { secureContext: createSecureContext({ ca: this.#certificates() }) },
    });
    return this.#dispatcher;
  }

  /** Waits for what is under way on its connections. */
  async close(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.close();
  }

  #certificates(): string[] {
    return [
      ...new Set([
        ...getCACertificates('default'),
        ...getCACertificates('system'),
        ...this.#authorities.pems,
      ]),
    ];
  }

  #renew(): void {
    // What is under way ends by itself; new requests open connections of their own.
    this.close().catch(() => undefined);
  }
}

/** Node loads it with the first request; a `data:` address asks nobody. */
async function agentOfFetch(): Promise<Agent> {
  const known = globalThis as { [GLOBAL_DISPATCHER]?: { constructor: Agent } };
  if (known[GLOBAL_DISPATCHER] === undefined) await fetch('data:,');
  const dispatcher = known[GLOBAL_DISPATCHER];
  if (dispatcher === undefined) throw new Error('This Node keeps the dispatcher of fetch elsewhere.');
  return dispatcher.constructor;
}
