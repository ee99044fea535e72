import { HOST_SOCKET_PATH, TOKEN_FRAGMENT } from '#shared/host/browser-host.ts';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { hostContract, type HostClient, type HostContract } from '#shared/host/contract.ts';
import { errorCode, HostError } from '#shared/host/errors.ts';
import type { Transport } from '#shared/host/messages.ts';
import { PORT_MESSAGE } from '#shared/host/shell-messages.ts';
import { portTransport } from './port-transport.ts';
import { openWebSocketTransport } from './websocket-transport.ts';

export type { HostClient };

/**
 * - `connecting`: not open yet
 * - `open`: the client works
 * - `reconnecting`: it was open; it is tried again by itself
 * - `dead`: the host refused, or there is no way to one; only a reload helps
 */
export type LinkState = 'connecting' | 'open' | 'reconnecting' | 'dead';

export interface HostLink {
  /** Stays the same over reconnections. While there is no connection its methods fail with `host.unavailable`. */
  readonly client: HostClient;
  /** Told the state at once and at each change. `reason` is set when the host has refused. @returns a function that ends it. */
  onState(listener: (state: LinkState, reason: unknown) => void): () => void;
}

/** Waiting times between attempts; the last one repeats. */
const RETRY_MS = [200, 500, 1000, 2000, 5000];
/** Refusals that time does not heal. */
const FINAL = new Set(['host.badToken', 'host.otherVersion', 'host.noHello']);

/**
 * Connects the page to its host and stays connected. The only place that
 * knows the ways there are: a port from the preload (desktop), or a token in
 * the fragment and a WebSocket (browser host).
 */
export function connectHost(): HostLink {
  const listeners = new Set<(state: LinkState, reason: unknown) => void>();
  let state: LinkState = 'connecting';
  let reason: unknown;
  let connection: HostConnection<HostContract> | undefined;
  const setState = (next: LinkState, why?: unknown): void => {
    state = next;
    reason = why;
    for (const listener of listeners) listener(state, reason);
  };

  const use = async (transport: Transport, hello: { token?: string }): Promise<void> => {
    const opened = await connectContract(hostContract, transport, hello);
    connection = opened;
    setState('open');
    await opened.closed;
    connection = undefined;
    setState('reconnecting');
  };

  const token = takeToken();
  if (token === undefined) {
    window.addEventListener('message', (event) => {
      if (event.source !== window || event.origin !== window.location.origin || event.data !== PORT_MESSAGE) return;
      const port = event.ports[0];
      if (port !== undefined) use(portTransport(port), {}).catch((thrown: unknown) => setState('dead', thrown));
    });
    // A page that was opened without a token and without a preload has no host to wait for.
    if (window.location.protocol.startsWith('http')) {
      window.setTimeout(() => {
        if (state === 'connecting') {
          setState('dead', new HostError('host.badToken', 'This address has no token. Open the one that Faultline printed.'));
        }
      }, 3000);
    }
  } else {
    void keepConnected(token);
  }

  async function keepConnected(secret: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const transport = await openWebSocketTransport(`ws://${window.location.host}${HOST_SOCKET_PATH}`);
        attempt = 0;
        await use(transport, { token: secret });
      } catch (thrown) {
        const code = errorCode(thrown);
        if (code !== undefined && FINAL.has(code)) {
          setState('dead', thrown);
          return;
        }
        if (state !== 'reconnecting') setState(state, code === 'host.unavailable' ? undefined : thrown);
      }
      const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0;
      await new Promise((resolve) => window.setTimeout(resolve, wait));
    }
  }

  return {
    client: stableClient(() => connection?.client),
    onState: (listener) => {
      listeners.add(listener);
      listener(state, reason);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * The token of this run, taken out of the address bar. It is kept for this tab
 * only, so that a reload finds it again.
 */
function takeToken(): string | undefined {
  const fromAddress = new URLSearchParams(window.location.hash.slice(1)).get(TOKEN_FRAGMENT);
  if (fromAddress !== null) {
    sessionStorage.setItem(TOKEN_FRAGMENT, fromAddress);
    window.history.replaceState(null, '', window.location.pathname);
  }
  return fromAddress ?? sessionStorage.getItem(TOKEN_FRAGMENT) ?? undefined;
}

/** A client whose methods go to whatever connection is open when they are called. */
function stableClient(current: () => HostClient | undefined): HostClient {
  const unavailable = (): HostError =>
    new HostError('host.unavailable', 'The connection to the host is lost. What was saved is safe; it reconnects by itself.');
  type Method = (input: unknown, options?: unknown) => unknown;
  const client: Record<string, Record<string, Method>> = {};
  for (const [service, methods] of Object.entries(hostContract)) {
    const entry: Record<string, Method> = {};
    for (const [name, spec] of Object.entries(methods)) {
      const method = (): Method | undefined =>
        (current() as unknown as Record<string, Record<string, Method>> | undefined)?.[service]?.[name];
      entry[name] =
        spec.kind === 'call'
          ? async (input, options) => {
              const open = method();
              if (open === undefined) throw unavailable();
              return open(input, options);
            }
          : async function* (input: unknown, options: unknown) {
              const open = method();
              if (open === undefined) throw unavailable();
              yield* open(input, options) as AsyncIterable<unknown>;
            };
    }
    client[service] = entry;
  }
  return client as unknown as HostClient;
}
