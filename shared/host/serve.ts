import type { z } from 'zod';
import type { CallSpec, ContractHandlers, ContractSpec, MethodSpec, StreamSpec } from './define.ts';
import { cancelled, HostError, toWireError, type WireError } from './errors.ts';
import { ClientMessage, PROTOCOL_VERSION, type Transport } from './messages.ts';

/** What a client says of itself before it is let in. */
export interface Hello {
  readonly token?: string | undefined;
  readonly takeOver?: true | undefined;
}

export interface ServeOptions {
  /** Decides whether the first message opens the connection; throws (or rejects with) a HostError to refuse. */
  readonly admit?: (hello: Hello) => void | Promise<void>;
  /** Told of everything thrown that carries no code of ours: it goes to the log, not over the seam. */
  readonly onFault?: (method: string, thrown: unknown) => void;
}

interface Running {
  readonly controller: AbortController;
  /** Ends the wait under way when the caller has cancelled, stopped listening or gone away. */
  interrupt: ((thrown: HostError) => void) | undefined;
  /** Only for streams: credit left, and what waits for more. */
  credit: number;
  wake: (() => void) | undefined;
}

/** A page that speaks this much before it is welcome is not ours. */
const MAX_EARLY = 100;

type AnyHandler = (input: unknown, context: { signal: AbortSignal }) => unknown;

/**
 * Serves a contract over one transport until it closes. The first message has
 * to be a hello of the same protocol version; every input is checked against
 * its schema before a handler sees it. A malformed message closes the transport.
 */
export function serveContract<C extends ContractSpec>(
  contract: C,
  handlers: ContractHandlers<C>,
  transport: Transport,
  options: ServeOptions = {},
): void {
  const running = new Map<number, Running>();
  let open = false;
  /** Messages that came while the hello was being judged. */
  let greeting: ClientMessage[] | undefined;

  const lookUp = (method: string): { spec: MethodSpec; handler: AnyHandler } => {
    const [service = '', name = ''] = method.split('.');
    const spec = Object.hasOwn(contract, service) ? contract[service] : undefined;
    if (spec === undefined || !Object.hasOwn(spec, name) || spec[name] === undefined) {
      throw new HostError('host.unknownMethod', `The host knows no method ${method}.`);
    }
    const handler = (handlers[service] as Record<string, AnyHandler>)[name];
    if (handler === undefined)
      throw new HostError('host.unknownMethod', `The host does not offer ${method}.`);
    return { spec: spec[name], handler };
  };

  const fail = (id: number, method: string, entry: Running, thrown: unknown): void => {
    const error: WireError = entry.controller.signal.aborted ? cancelled : toWireError(thrown);
    if (error.code === 'host.internal') options.onFault?.(method, thrown);
    transport.send({ t: 'error', id, error });
  };

  const answerCall = async (id: number, method: string, input: unknown, entry: Running): Promise<void> => {
    const { spec, handler } = lookUp(method);
    if (spec.kind !== 'call') throw new HostError('host.unknownMethod', `${method} is a stream.`);
    const { signal } = entry.controller;
    const working = Promise.resolve(handler(parseInput(spec, method, input), { signal }));
    // A caller that cancels is answered at once, whether the handler looks at its signal or not.
    const output = await unlessAborted(working, entry);
    transport.send({ t: 'result', id, output });
  };

  const pumpStream = async (id: number, method: string, input: unknown, entry: Running): Promise<void> => {
    const { spec, handler } = lookUp(method);
    if (spec.kind !== 'stream') throw new HostError('host.unknownMethod', `${method} is a call.`);
    const { signal } = entry.controller;
    const items = handler(parseInput(spec, method, input), { signal }) as AsyncIterable<unknown>;
    const iterator = items[Symbol.asyncIterator]();
    try {
      while (!signal.aborted) {
        while (entry.credit <= 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            entry.wake = resolve;
          });
        }
        if (signal.aborted) break;
        const next = await unlessAborted(iterator.next(), entry);
        if (next.done === true || signal.aborted) break;
        entry.credit -= spec.cost(next.value as z.output<z.ZodType>);
        transport.send({ t: 'item', id, item: next.value });
      }
    } finally {
      // Not waited for: a generator that sits in an await of its own answers only after it.
      iterator.return?.().then(undefined, (thrown: unknown) => options.onFault?.(method, thrown));
    }
    transport.send({ t: 'end', id });
  };

  const start = (
    id: number,
    method: string,
    credit: number,
    work: (entry: Running) => Promise<void>,
  ): void => {
    if (running.has(id)) {
      transport.close();
      return;
    }
    const controller = new AbortController();
    const entry: Running = { controller, interrupt: undefined, credit, wake: undefined };
    running.set(id, entry);
    work(entry)
      .catch((thrown: unknown) => {
        if (open) fail(id, method, entry, thrown);
      })
      .finally(() => running.delete(id));
  };

  const stop = (id: number): void => {
    const entry = running.get(id);
    entry?.controller.abort();
    entry?.interrupt?.(new HostError(cancelled.code, cancelled.message));
    entry?.wake?.();
  };

  const greet = (message: ClientMessage): void => {
    greeting = [];
    welcome(message).catch((thrown: unknown) => {
      transport.send({ t: 'refused', error: toWireError(thrown) });
      transport.close();
    });
  };

  const welcome = async (message: ClientMessage): Promise<void> => {
    await admit(message, options);
    // Closed in the meantime.
    if (greeting === undefined) return;
    const early = greeting;
    greeting = undefined;
    open = true;
    transport.send({ t: 'welcome', protocol: PROTOCOL_VERSION });
    for (const one of early) if (open) handle(one);
  };

  const handle = (message: ClientMessage): void => {
    switch (message.t) {
      case 'call':
        start(message.id, message.method, 0, (entry) =>
          answerCall(message.id, message.method, message.input, entry),
        );
        return;
      case 'listen':
        start(message.id, message.method, message.credit, (entry) =>
          pumpStream(message.id, message.method, message.input, entry),
        );
        return;
      case 'cancel':
      case 'unlisten':
        stop(message.id);
        return;
      case 'credit': {
        const entry = running.get(message.id);
        if (entry === undefined) return;
        entry.credit += message.n;
        entry.wake?.();
        return;
      }
      case 'hello':
        transport.close();
    }
  };

  transport.onMessage((raw) => {
    const parsed = ClientMessage.safeParse(raw);
    if (!parsed.success) transport.close();
    else if (open) handle(parsed.data);
    else if (greeting === undefined) greet(parsed.data);
    // A client in a hurry may speak before the welcome, but not without end.
    else if (greeting.push(parsed.data) > MAX_EARLY) transport.close();
  });
  transport.onClose(() => {
    open = false;
    greeting = undefined;
    for (const id of running.keys()) stop(id);
  });
}

/**
 * What `work` comes to, unless the caller goes first. Not a race against one long promise: that would keep something of
 * every item of a stream for as long as the stream lasts.
 */
function unlessAborted<T>(work: PromiseLike<T>, entry: Running): Promise<T> {
  return new Promise((resolve, reject) => {
    if (entry.controller.signal.aborted) reject(new HostError(cancelled.code, cancelled.message));
    entry.interrupt = reject;
    work.then(resolve, reject);
  });
}

async function admit(message: ClientMessage, options: ServeOptions): Promise<void> {
  if (message.t !== 'hello') throw new HostError('host.noHello', 'The first message has to be a hello.');
  await options.admit?.(message);
  if (message.protocol === PROTOCOL_VERSION) return;
  throw new HostError(
    'host.otherVersion',
    `The host speaks protocol ${PROTOCOL_VERSION}, the screen ${message.protocol}. Reload to get the same version.`,
    { host: PROTOCOL_VERSION, screen: message.protocol },
  );
}

function parseInput(spec: CallSpec | StreamSpec, method: string, input: unknown): unknown {
  const parsed = spec.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join('.') ?? '';
  throw new HostError(
    'host.badInput',
    `${method} was called with something it does not take (${place}: ${issue?.message ?? ''}).`,
    {
      method,
      place,
    },
  );
}
