import { HOST_SOCKET_PATH, TOKEN_FRAGMENT } from '#shared/host/browser-host.ts';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { type HostClient, type HostContract, hostContract } from '#shared/host/contract.ts';
import type { CallOptions } from '#shared/host/define.ts';
import { errorCode, HostError } from '#shared/host/errors.ts';
import type { Transport } from '#shared/host/messages.ts';
import { PORT_MESSAGE } from '#shared/host/shell-messages.ts';
import { portTransport } from './port-transport.ts';
import { openWebSocketTransport } from './websocket-transport.ts';

export type { HostClient } from '#shared/host/contract.ts';

/**
 * - `connecting`: the first connection is being made
 * - `open`: the host answers
 * - `reconnecting`: it answered before; what was saved is safe
 * - `elsewhere`: it goes on in another window, which took it over from this one
 * - `dead`: it has refused this page, and asking again would not help
 */
export type HostState = 'connecting' | 'open' | 'reconnecting' | 'elsewhere' | 'dead';

/** The page's way to its host. It outlives every single connection. */
export interface HostLink {
  /**
   * Methods wait for an open connection. What is under way when the connection
   * is lost fails with `host.unavailable`; streams have to be listened to anew.
   */
  readonly client: HostClient;
  readonly state: HostState;
  /** Told the state at once and at each change, with the reason of a refusal. Returns how to stop. */
  onState(listener: (state: HostState, reason?: unknown) => void): () => void;
  /** Takes the place of the window that has the host now. */
  takeOver(): void;
}

/** Where the transports of one page come from. */
export interface TransportSource {
  readonly token?: string;
  open(): Promise<Transport>;
}

const TOKEN_KEY = 'faultline.token';
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;
/** Refusals that the same question would get again. */
const FINAL = new Set(['host.badToken', 'host.otherVersion']);

/**
 * Connects to the host of this page and keeps it connected: through the
 * preload's port in the desktop application, else through a WebSocket with the
 * token that the browser host put into the address.
 */
export function connectHost(source: TransportSource = takeToken() ?? preloadPorts()): HostLink {
  const listeners = new Set<(state: HostState, reason?: unknown) => void>();
  let state: HostState = 'connecting';
  let reason: unknown;
  let isTakingOver = false;
  let hurry: () => void = () => undefined;
  let next = Promise.withResolvers<HostConnection<HostContract>>();
  next.promise.catch(() => undefined);

  const enter = (entered: HostState, why?: unknown): void => {
    state = entered;
    reason = why;
    for (const listener of listeners) listener(state, reason);
  };

  const connectOnce = async (): Promise<void> => {
    const transport = await source.open();
    const connection = await connectContract(hostContract, transport, {
      token: source.token,
      ...(isTakingOver && { takeOver: true }),
    });
    isTakingOver = false;
    next.resolve(connection);
    enter('open');
    const farewell = await connection.closed;
    next = Promise.withResolvers();
    next.promise.catch(() => undefined);
    enter(farewell?.code === 'host.takenOver' ? 'elsewhere' : 'reconnecting', farewell);
  };

  const keepConnected = async (): Promise<void> => {
    let pause = FIRST_PAUSE_MS;
    while (true) {
      try {
        await connectOnce();
        pause = FIRST_PAUSE_MS;
      } catch (thrown) {
        if (FINAL.has(errorCode(thrown) ?? '')) {
          next.reject(thrown);
          enter('dead', thrown);
          return;
        }
        // Another window has the host, or it is not up yet: said, and tried again.
        enter(state, errorCode(thrown) === 'host.unavailable' ? undefined : thrown);
      }
      await new Promise<void>((resolve) => {
        hurry = resolve;
        // Two windows that both came back by themselves would take it from each other for ever.
        if (state !== 'elsewhere') setTimeout(resolve, pause);
      });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  };
  void keepConnected();

  return {
    client: stableClient(() => next.promise),
    get state() {
      return state;
    },
    onState: (listener) => {
      listeners.add(listener);
      listener(state, reason);
      return () => listeners.delete(listener);
    },
    takeOver: () => {
      isTakingOver = true;
      hurry();
    },
  };
}

/** A client whose methods use the connection that is open when they are called. */
function stableClient(connection: () => Promise<HostConnection<HostContract>>): HostClient {
  type Method = (input: unknown, options?: CallOptions) => unknown;
  const method = async (service: string, name: string): Promise<Method> => {
    const { client } = await connection();
    return (client as unknown as Record<string, Record<string, Method>>)[service]?.[name] as Method;
  };
  const client: Record<string, Record<string, unknown>> = {};
  for (const [service, methods] of Object.entries(hostContract)) {
    client[service] = Object.fromEntries(
      Object.entries(methods).map(([name, spec]) => [
        name,
        spec.kind === 'call'
          ? async (input: unknown, options?: CallOptions) => (await method(service, name))(input, options)
          : async function* (input: unknown, options?: CallOptions) {
              yield* (await method(service, name))(input, options) as AsyncIterable<unknown>;
            },
      ]),
    );
  }
  return client as unknown as HostClient;
}

/**
 * The token of the browser host. It leaves the address bar at once (and with it
 * the history and what one copies from there), and stays in the tab for reloads.
 */
function takeToken(): TransportSource | undefined {
  const fresh = new URLSearchParams(location.hash.slice(1)).get(TOKEN_FRAGMENT);
  if (fresh !== null) {
    sessionStorage.setItem(TOKEN_KEY, fresh);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  const token = fresh ?? sessionStorage.getItem(TOKEN_KEY);
  if (token === null) return location.protocol === 'http:' ? withoutToken() : undefined;
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${HOST_SOCKET_PATH}`;
  return { token, open: () => openWebSocketTransport(url) };
}

/** A page of the browser host that was opened by its bare address. */
function withoutToken(): TransportSource {
  return {
    open: async () => {
      throw new HostError(
        'host.badToken',
        'This address lacks its key. Open Faultline with the full address that it printed when it started.',
      );
    },
  };
}

/** The preload hands over a fresh port after each load of the page, and when the host has been started anew. */
function preloadPorts(): TransportSource {
  const waiting: MessagePort[] = [];
  let take: ((port: MessagePort) => void) | undefined;
  window.addEventListener('message', (event) => {
    const [port] = event.ports;
    if (event.source !== window || event.data !== PORT_MESSAGE || port === undefined) return;
    if (take === undefined) waiting.push(port);
    else take(port);
    take = undefined;
  });
  return {
    open: async () => {
      const port =
        waiting.pop() ??
        (await new Promise<MessagePort>((resolve) => {
          take = resolve;
        }));
      return portTransport(port);
    },
  };
}
