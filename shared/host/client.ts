import type { ContractClient, ContractSpec, CallOptions, CallSpec, StreamSpec } from './define.ts';
import { cancelled, HostError, type WireError } from './errors.ts';
import { HostMessage, PROTOCOL_VERSION, type Transport } from './messages.ts';

interface Waiting {
  onResult?: (output: unknown) => void;
  onItem?: (item: unknown) => void;
  onEnd?: () => void;
  onError: (error: HostError) => void;
}

/** One open connection to a host. */
export interface HostConnection<C extends ContractSpec> {
  readonly client: ContractClient<C>;
  /** Resolves when the connection is over, with the reason if the host gave one. */
  readonly closed: Promise<HostError | undefined>;
  close(): void;
}

const unavailable = (): HostError =>
  new HostError(
    'host.unavailable',
    'The connection to the host is lost. What was saved is safe; it reconnects by itself.',
  );

export interface ConnectOptions {
  readonly token?: string;
  /** Asks for the place of whoever is connected now. */
  readonly takeOver?: true;
  /** The error of calls and streams under way when the transport closes; `host.unavailable` if not given. */
  readonly lost?: () => HostError;
}

/**
 * Says hello over a transport and resolves to a client for the contract.
 * Outputs and items are checked against their schemas before they are handed on.
 * When the transport closes, every call and stream under way fails with `host.unavailable`.
 * @throws HostError with the host's reason if it refuses.
 */
export function connectContract<C extends ContractSpec>(
  contract: C,
  transport: Transport,
  { lost = unavailable, ...hello }: ConnectOptions = {},
): Promise<HostConnection<C>> {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let isOpen = false;
  let isClosed = false;
  let farewell: HostError | undefined;
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<HostError | undefined>();
  const { promise: opened, resolve: resolveOpened, reject: rejectOpened } = Promise.withResolvers<void>();

  transport.onMessage((raw) => {
    const parsed = HostMessage.safeParse(raw);
    if (!parsed.success) {
      transport.close();
      return;
    }
    const message = parsed.data;
    if (message.t === 'welcome') {
      isOpen = true;
      resolveOpened();
      return;
    }
    if (message.t === 'refused') {
      farewell = fromWire(message.error);
      rejectOpened(farewell);
      return;
    }
    const entry = waiting.get(message.id);
    if (entry === undefined) return;
    if (message.t === 'item') {
      entry.onItem?.(message.item);
      return;
    }
    waiting.delete(message.id);
    if (message.t === 'result') entry.onResult?.(message.output);
    else if (message.t === 'end') entry.onEnd?.();
    else entry.onError(fromWire(message.error));
  });
  transport.onClose(() => {
    isOpen = false;
    isClosed = true;
    rejectOpened(lost());
    for (const entry of waiting.values()) entry.onError(lost());
    waiting.clear();
    resolveClosed(farewell);
  });

  const callMethod = (
    method: string,
    spec: CallSpec,
    input: unknown,
    options: CallOptions,
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isClosed) {
        reject(lost());
        return;
      }
      if (options.signal?.aborted === true) {
        reject(fromWire(cancelled));
        return;
      }
      const id = nextId++;
      const cancel = (): void => transport.send({ t: 'cancel', id });
      options.signal?.addEventListener('abort', cancel, { once: true });
      const settle = (): void => options.signal?.removeEventListener('abort', cancel);
      waiting.set(id, {
        onResult: (output) => {
          settle();
          const parsed = spec.output.safeParse(output);
          if (parsed.success) resolve(parsed.data);
          else reject(badOutput(method, parsed.error.message));
        },
        onError: (error) => {
          settle();
          reject(error);
        },
      });
      try {
        transport.send({ t: 'call', id, method, input });
      } catch (thrown) {
        // What cannot be sent (too large, not data) will never be answered.
        waiting.delete(id);
        settle();
        reject(thrown);
      }
    });

  const client: Record<string, Record<string, unknown>> = {};
  for (const [service, methods] of Object.entries(contract)) {
    const entry: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(methods)) {
      const method = `${service}.${name}`;
      entry[name] =
        spec.kind === 'call'
          ? (input: unknown, options: CallOptions = {}) => callMethod(method, spec, input, options)
          : (input: unknown, options: CallOptions = {}) =>
              listenTo(method, spec, input, options, {
                transport,
                waiting,
                isClosed: () => isClosed,
                lost,
                takeId: () => nextId++,
              });
    }
    client[service] = entry;
  }

  transport.send({ t: 'hello', protocol: PROTOCOL_VERSION, ...hello });
  return opened.then(() => ({
    client: client as ContractClient<C>,
    closed,
    close: () => {
      if (isOpen) transport.close();
    },
  }));
}

interface Wire {
  readonly transport: Transport;
  readonly waiting: Map<number, Waiting>;
  readonly isClosed: () => boolean;
  readonly lost: () => HostError;
  readonly takeId: () => number;
}

/**
 * The listening side of a stream. Asking for the next item says that the last
 * one has been dealt with: that is when its credit goes back.
 */
async function* listenTo(
  method: string,
  spec: StreamSpec,
  input: unknown,
  options: CallOptions,
  wire: Wire,
): AsyncGenerator<unknown> {
  if (wire.isClosed()) throw wire.lost();
  // Asked anew at each turn: it changes while this generator waits.
  const isAborted = (): boolean => options.signal?.aborted ?? false;
  if (isAborted()) return;
  const id = wire.takeId();
  const queue: unknown[] = [];
  const ending: { over?: { error?: HostError } } = {};
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  wire.waiting.set(id, {
    onItem: (item) => {
      queue.push(item);
      notify();
    },
    onEnd: () => {
      ending.over ??= {};
      notify();
    },
    onError: (error) => {
      ending.over ??= { error };
      notify();
    },
  });
  const stop = (): void => {
    ending.over ??= {};
    notify();
  };
  options.signal?.addEventListener('abort', stop, { once: true });
  let owed = 0;
  try {
    wire.transport.send({ t: 'listen', id, method, input, credit: spec.window });
    while (true) {
      while (queue.length === 0 && ending.over === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (isAborted()) return;
      const raw = queue.shift();
      if (raw === undefined) {
        if (ending.over?.error !== undefined) throw ending.over.error;
        return;
      }
      const parsed = spec.item.safeParse(raw);
      if (!parsed.success) throw badOutput(method, parsed.error.message);
      yield parsed.data;
      owed += spec.cost(parsed.data);
      // Given back in lumps: an answer for each small frame would cost more than the frame.
      if (ending.over === undefined && (owed >= spec.window / 4 || queue.length === 0)) {
        if (owed > 0) wire.transport.send({ t: 'credit', id, n: owed });
        owed = 0;
      }
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    if (wire.waiting.delete(id) && !wire.isClosed()) wire.transport.send({ t: 'unlisten', id });
  }
}

function fromWire(error: WireError): HostError {
  return new HostError(error.code, error.message, error.detail);
}

function badOutput(method: string, reason: string): HostError {
  return new HostError('host.badOutput', `The host answered ${method} with something unexpected: ${reason}`, {
    method,
  });
}
