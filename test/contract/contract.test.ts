import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { call, type ContractHandlers, type ContractSpec, stream } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import type { ClientMessage, Transport } from '#shared/host/messages.ts';
import { serveContract } from '#shared/host/serve.ts';
import { type Wire, wires } from './transports.ts';

const bytes = z.instanceof(Uint8Array);
const contract = {
  echo: {
    value: call(z.object({ value: z.unknown() }), z.object({ value: z.unknown() })),
    bytes: call(z.object({ bytes }), z.object({ bytes, nested: z.array(z.object({ bytes })) })),
    upper: call(z.object({ text: z.string().max(10) }), z.object({ text: z.string() })),
    fail: call(z.object({ how: z.enum(['ours', 'other', 'badOutput']) }), z.object({ ok: z.literal(true) })),
    wait: call(z.object({}), z.object({})),
    deaf: call(z.object({}), z.object({})),
  },
  flow: {
    count: stream(z.object({ to: z.number() }), z.object({ n: z.number() })),
    chunks: stream(z.object({ pieces: z.number() }), z.object({ bytes }), {
      window: 256 * 1024,
      cost: (item) => item.bytes.length,
    }),
    fail: stream(z.object({}), z.number()),
    wait: stream(z.object({}), z.number()),
  },
} satisfies ContractSpec;

/** What the handlers have seen. */
interface Seen {
  aborted: string[];
  finished: string[];
  produced: number;
  faults: string[];
}

function handlers(seen: Seen): ContractHandlers<typeof contract> {
  const untilAborted = (name: string, signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        seen.aborted.push(name);
        reject(new Error('aborted'));
      });
    });
  return {
    echo: {
      value: async ({ value }) => ({ value }),
      bytes: async ({ bytes }) => ({
        bytes,
        nested: [{ bytes: bytes.subarray(1, 3) }, { bytes: new Uint8Array() }],
      }),
      upper: async ({ text }) => ({ text: text.toUpperCase() }),
      fail: async ({ how }) => {
        if (how === 'ours') throw new HostError('journal.diskFull', 'The disk is full.', { free: 0 });
        if (how === 'other') throw new Error('secret path /root/.ssh');
        return { ok: false as unknown as true };
      },
      wait: (_, { signal }) => untilAborted('call', signal),
      deaf: () => new Promise(() => undefined),
    },
    flow: {
      async *count({ to }) {
        try {
          for (let n = 0; n < to; n++) {
            seen.produced++;
            yield { n };
          }
        } finally {
          seen.finished.push('count');
        }
      },
      async *chunks({ pieces }) {
        for (let i = 0; i < pieces; i++) {
          seen.produced++;
          // A view into a larger buffer, as Node's own reads are.
          yield { bytes: Buffer.alloc(100_000, i).subarray(100, 100 + 32 * 1024) };
        }
      },
      async *fail() {
        yield 1;
        throw new HostError('ssh.gone', 'The session ended.');
      },
      async *wait(_, { signal }) {
        yield 1;
        await untilAborted('stream', signal);
      },
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(Object.keys(wires))('the contract over %s', (name) => {
  let wire: Wire;
  let seen: Seen;
  let connection: HostConnection<typeof contract>;
  let transport: Transport;
  let hostSide: Transport;

  const connect = async (): Promise<HostConnection<typeof contract>> => {
    const { client, host } = await wire.join();
    transport = client;
    hostSide = host;
    serveContract(contract, handlers(seen), host, { onFault: (method) => seen.faults.push(method) });
    return connectContract(contract, client);
  };

  beforeEach(async () => {
    seen = { aborted: [], finished: [], produced: 0, faults: [] };
    wire = await wires[name]!();
    connection = await connect();
  });
  afterEach(async () => {
    connection.close();
    await wire.close();
  });

  test('[H1] carries values as they are', async () => {
    const value = {
      text: '整流模块 🔋',
      n: -1.5,
      yes: true,
      none: null,
      list: [1, [2, { three: 3 }]],
      __proto__x: 1,
    };
    expect(await connection.client.echo.value({ value })).toEqual({ value });
  });

  test('[H2] carries bytes as bytes, without what stands around them', async () => {
    const answer = await connection.client.echo.bytes({ bytes: Buffer.from('abcdef').subarray(1, 5) });
    expect(answer).toEqual({
      bytes: new TextEncoder().encode('bcde'),
      nested: [{ bytes: new TextEncoder().encode('cd') }, { bytes: new Uint8Array() }],
    });
    expect(answer.nested[0]!.bytes.buffer.byteLength).toBe(2);
  });

  test('[H3] an error of ours keeps code, sentence and detail; any other says nothing of its text', async () => {
    await expect(connection.client.echo.fail({ how: 'ours' })).rejects.toMatchObject({
      name: 'HostError',
      code: 'journal.diskFull',
      message: 'The disk is full.',
      detail: { free: 0 },
    });
    const other = connection.client.echo.fail({ how: 'other' });
    await expect(other).rejects.toMatchObject({ code: 'host.internal' });
    await expect(other).rejects.not.toThrow(/secret/);
    expect(seen.faults).toEqual(['echo.fail']);
    await expect(connection.client.echo.fail({ how: 'badOutput' })).rejects.toMatchObject({
      code: 'host.badOutput',
    });
  });

  test('[H4] refuses input that the schema does not take, before a handler sees it', async () => {
    await expect(connection.client.echo.upper({ text: 'longer than ten' })).rejects.toMatchObject({
      code: 'host.badInput',
      detail: { method: 'echo.upper', place: 'text' },
    });
    await expect(connection.client.echo.upper({ text: 5 as never })).rejects.toMatchObject({
      code: 'host.badInput',
    });
    expect(await connection.client.echo.upper({ text: 'still fine' })).toEqual({ text: 'STILL FINE' });
  });

  test('[H5] a cancelled call is answered at once and its handler is told', async () => {
    const stop = new AbortController();
    const waiting = connection.client.echo.wait({}, { signal: stop.signal });
    const deaf = connection.client.echo.deaf({}, { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'host.cancelled' });
    await expect(deaf).rejects.toMatchObject({ code: 'host.cancelled' });
    expect(seen.aborted).toEqual(['call']);
    await expect(connection.client.echo.wait({}, { signal: stop.signal })).rejects.toMatchObject({
      code: 'host.cancelled',
    });
  });

  test('[H6] delivers 10,000 items in order', async () => {
    let next = 0;
    for await (const { n } of connection.client.flow.count({ to: 10_000 })) expect(n).toBe(next++);
    expect(next).toBe(10_000);
    expect(seen.finished).toEqual(['count']);
  });

  test('[H7] a listener that pauses holds the producer', async () => {
    const iterator = connection.client.flow.count({ to: 10_000 })[Symbol.asyncIterator]();
    await iterator.next();
    await connection.client.echo.value({ value: 'a round trip' });
    await connection.client.echo.value({ value: 'and another' });
    expect(seen.produced).toBeLessThanOrEqual(64);
    for (let i = 0; i < 200; i++) await iterator.next();
    expect(seen.produced).toBeGreaterThan(200);
    expect(seen.produced).toBeLessThanOrEqual(201 + 64);
    await iterator.return?.();
    await until(() => seen.finished.length === 1);
  });

  test('[H7] a stream of bytes is held by its bytes', async () => {
    const iterator = connection.client.flow.chunks({ pieces: 1000 })[Symbol.asyncIterator]();
    const first = await iterator.next();
    await connection.client.echo.value({ value: 'a round trip' });
    expect(seen.produced).toBeLessThanOrEqual(9);
    expect(first.value!.bytes).toEqual(new Uint8Array(32 * 1024));
    let pieces = 1;
    while ((await iterator.next()).done !== true) pieces++;
    expect(pieces).toBe(1000);
  });

  test('[H8] an error ends a stream behind the items before it', async () => {
    const heard: number[] = [];
    const listening = (async () => {
      for await (const n of connection.client.flow.fail({})) heard.push(n);
    })();
    await expect(listening).rejects.toMatchObject({ code: 'ssh.gone' });
    expect(heard).toEqual([1]);
  });

  test('[H9] leaving a stream ends its producer', async () => {
    const stop = new AbortController();
    for await (const _ of connection.client.flow.wait({}, { signal: stop.signal })) stop.abort();
    await until(() => seen.aborted.length === 1);
    expect(seen.aborted).toEqual(['stream']);
  });

  test('[H17] a lost connection rejects calls and streams, and stops the handlers', async () => {
    const waiting = connection.client.echo.wait({});
    const listening = (async () => {
      for await (const _ of connection.client.flow.wait({})) hostSide.close();
    })();
    await expect(waiting).rejects.toMatchObject({ code: 'host.unavailable' });
    await expect(listening).rejects.toMatchObject({ code: 'host.unavailable' });
    await connection.closed;
    await expect(connection.client.echo.value({ value: 1 })).rejects.toMatchObject({
      code: 'host.unavailable',
    });
    await until(() => seen.aborted.length === 2);
    expect(seen.aborted.toSorted()).toEqual(['call', 'stream']);
  });

  test('[H18] a new connection works after the old one is lost', async () => {
    connection.close();
    await connection.closed;
    connection = await connect();
    expect(await connection.client.echo.value({ value: 'again' })).toEqual({ value: 'again' });
  });

  test('[H19] knows no method but those of the contract', async () => {
    const { client, host } = await wire.join();
    serveContract(contract, handlers(seen), host);
    const answers: unknown[] = [];
    client.onMessage((message) => answers.push(message));
    client.send({ t: 'hello', protocol: 1 });
    const asked = [
      'echo.nothing',
      'constructor.constructor',
      'echo.toString',
      '__proto__.x',
      'echo',
      'flow.count',
      '',
    ];
    asked.forEach((method, id) => client.send({ t: 'call', id, method, input: {} }));
    await until(() => answers.length === 1 + asked.length);
    expect(answers.slice(1)).toEqual(
      asked.map((_, id) => ({
        t: 'error',
        id,
        error: expect.objectContaining({ code: 'host.unknownMethod' }),
      })),
    );
  });

  test.each<[string, unknown[]]>([
    ['no message', ['hello?']],
    [
      'an unknown kind',
      [
        { t: 'hello', protocol: 1 },
        { t: 'eval', code: '1' },
      ],
    ],
    ['a call before the hello', [{ t: 'call', id: 1, method: 'echo.value', input: {} }]],
    [
      'a second hello',
      [
        { t: 'hello', protocol: 1 },
        { t: 'hello', protocol: 1 },
      ],
    ],
    [
      'a negative id',
      [
        { t: 'hello', protocol: 1 },
        { t: 'call', id: -1, method: 'echo.value', input: {} },
      ],
    ],
    [
      'an id in use',
      [
        { t: 'hello', protocol: 1 },
        ...[1, 1].map((id) => ({ t: 'call', id, method: 'echo.deaf', input: {} })),
      ],
    ],
    [
      'a credit that is no number',
      [
        { t: 'hello', protocol: 1 },
        { t: 'credit', id: 1, n: Number.NaN },
      ],
    ],
  ])('[H24] closes on %s', async (_, messages) => {
    const { client, host } = await wire.join();
    serveContract(contract, handlers(seen), host);
    const closed = new Promise<void>((resolve) => client.onClose(resolve));
    for (const message of messages) client.send(message as ClientMessage);
    await closed;
  });

  test('[H25] a refusal arrives with its reason', async () => {
    const { client, host } = await wire.join();
    serveContract(contract, handlers(seen), host, {
      admit: ({ token }) => {
        if (token !== 'right') throw new HostError('host.refused', 'Not with this token.');
      },
    });
    await expect(connectContract(contract, client, { token: 'wrong' })).rejects.toMatchObject({
      code: 'host.refused',
    });
    const other = await wire.join();
    serveContract(contract, handlers(seen), other.host);
    const answers: unknown[] = [];
    other.client.onMessage((message) => answers.push(message));
    other.client.send({ t: 'hello', protocol: 99 });
    await until(() => answers.length === 1);
    expect(answers[0]).toMatchObject({ t: 'refused', error: { code: 'host.otherVersion' } });
  });

  test('[H26] a host that sends nonsense is left', async () => {
    const { client, host } = await wire.join();
    serveContract(contract, handlers(seen), host);
    const open = await connectContract(contract, client);
    host.send({ t: 'result', id: 'one', output: {} } as never);
    await open.closed;
    expect(transport).toBeDefined();
  });
});
