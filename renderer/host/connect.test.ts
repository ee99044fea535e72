import { afterEach, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '#shared/host/codec.ts';
import { type HostHandlers, hostContract } from '#shared/host/contract.ts';
import { HostError } from '#shared/host/errors.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import type { Transport } from '#shared/host/messages.ts';
import { serveContract } from '#shared/host/serve.ts';
import { connectHost, type HostState } from './connect.ts';

const open: Transport[] = [];
afterEach(() => {
  for (const transport of open.splice(0)) transport.close();
});

/** A host that knows its version and waits in `marks`; it can be lost, and refuse. */
function aHost(admit: () => void = () => undefined) {
  const app = {
    info: async () => ({
      version: '1.2.3',
      hostKind: 'browser',
      capabilities: {
        nativeMenu: false,
        nativeDialogs: false,
        safeStorage: false,
        openExternal: false,
        notifications: false,
        autoUpdate: false,
      },
      workspace: null,
      settings: { language: 'en', theme: 'dark', density: 'normal' },
      vault: 'unavailable',
      access: 'open',
      wiped: null,
    }),
    marks: () => new Promise(() => undefined),
  };
  return {
    token: 'token',
    open: async () => {
      const [client, host] = memoryTransportPair((message) => decodeFrame(encodeFrame(message)));
      open.push(host);
      serveContract(hostContract, { app } as unknown as HostHandlers, host, { admit });
      return client;
    },
    lose: () => open.at(-1)!.close(),
  };
}

function statesOf(link: ReturnType<typeof connectHost>): {
  seen: HostState[];
  reach(state: HostState): Promise<unknown>;
} {
  const seen: HostState[] = [];
  return {
    seen,
    reach: (wanted) =>
      new Promise((resolve) => {
        link.onState((state, reason) => {
          if (seen.at(-1) !== state) seen.push(state);
          if (state === wanted) resolve(reason);
        });
      }),
  };
}

test('[H18] a call made before the connection waits for it', async () => {
  const link = connectHost(aHost());
  expect(link.state).toBe('connecting');
  expect((await link.client.app.info({})).version).toBe('1.2.3');
  expect(link.state).toBe('open');
});

test('[H18] connects again by itself; what was under way fails, what comes after works', async () => {
  const host = aHost();
  const link = connectHost(host);
  const states = statesOf(link);
  await states.reach('open');
  const waiting = link.client.app.marks({});
  await link.client.app.info({});
  const again = states.reach('reconnecting');
  host.lose();
  await expect(waiting).rejects.toMatchObject({ code: 'host.unavailable' });
  await again;
  expect((await link.client.app.info({})).version).toBe('1.2.3');
  expect(link.state).toBe('open');
});

test('[H25] a refusal for good is the end, with its reason', async () => {
  const refuse = (): never => {
    throw new HostError('host.badToken', 'Not with this token.');
  };
  const link = connectHost(aHost(refuse));
  expect(await statesOf(link).reach('dead')).toMatchObject({ code: 'host.badToken' });
  await expect(link.client.app.info({})).rejects.toMatchObject({ code: 'host.badToken' });
});

test('[H15] a place that is taken is asked for again', async () => {
  let isTaken = true;
  const link = connectHost(
    aHost(() => {
      if (!isTaken) return;
      isTaken = false;
      throw new HostError('host.clientActive', 'Open in another window.');
    }),
  );
  expect((await link.client.app.info({})).version).toBe('1.2.3');
});
