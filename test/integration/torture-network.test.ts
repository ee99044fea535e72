import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';
import {
  connect,
  isSettled,
  note,
  startHostProcess,
  untilStatus,
  type HostProcess,
} from '#test/torture/host-client.ts';
import { startBufferingProxy, startCaptivePortal } from '#test/torture/strange-servers.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';

let dir: string;
let server: Child;
let proxy: TcpProxy;
const hosts: HostProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-torture-network-'));
  server = await startChild('server', { data: join(dir, 'server') });
}, 300_000);
afterAll(async () => {
  await server.kill();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  proxy = await startTcpProxy(server.url);
});
afterEach(async () => {
  for (const { child } of hosts.splice(0)) await child.kill();
  await proxy.close();
});

async function laptop(): Promise<HostProcess> {
  const host = await startHostProcess(await mkdtemp(join(dir, 'laptop-')));
  hosts.push(host);
  return host;
}

/** What another laptop of the region gets from the server, past the proxy. */
async function textsAtServer(): Promise<string[]> {
  const other = await SyncDevice.logIn(server.url, 'zhang.min');
  await other.pull();
  return (other.received.get('region/sz') ?? []).map(({ event }) => String(event.data['text']));
}

test('[TO5] a server killed between taking a fact and saying so has it once, and the laptop gets its word', async () => {
  const host = await laptop();
  await connect(host, proxy.url);
  await untilStatus(host, isSettled);
  proxy.set({ k: 'dropAnswers' });
  await note(host, 'taken, not answered');
  await expect.poll(textsAtServer, { timeout: 20_000 }).toContain('taken, not answered');
  expect((await host.client.sync.unsynced({})).items).toHaveLength(1);
  const { port } = new URL(server.url);
  await server.kill();
  server = await startChild('server', { data: join(dir, 'server'), port: Number(port) });
  proxy.set({ k: 'open' });
  proxy.resetAll();
  await untilStatus(host, isSettled);
  expect((await textsAtServer()).filter((text) => text === 'taken, not answered')).toHaveLength(1);
}, 90_000);

test('[TO6] behind a proxy that holds streams back no poke arrives, and facts go both ways all the same', async () => {
  const buffering = await startBufferingProxy(server.url);
  try {
    const host = await laptop();
    await connect(host, buffering.url);
    const pokes = host.client.sync.pokes({});
    await note(host, 'from behind the proxy');
    await untilStatus(host, isSettled);
    expect(await textsAtServer()).toContain('from behind the proxy');
    expect(buffering.asked).toContain('/v1/poke');
    // What tells the page to pull is the clock.
    for await (const { reason } of pokes) {
      expect(reason).not.toBe('poke');
      if (reason === 'poll') break;
    }
  } finally {
    await buffering.close();
  }
}, 90_000);

test('[TO7] a captive portal in the place of the server is named, takes nothing, and is over by itself', async () => {
  const portal = await startCaptivePortal();
  try {
    const host = await laptop();
    await connect(host, proxy.url);
    await untilStatus(host, isSettled);
    proxy.setTarget(portal.url);
    proxy.resetAll();
    await note(host, 'written in the hotel');
    const status = await untilStatus(host, ({ lastError }) => lastError?.code === 'sync.captivePortal');
    expect(status).toMatchObject({ unsynced: 1, refused: 0 });
    proxy.setTarget(server.url);
    proxy.resetAll();
    await untilStatus(host, isSettled);
    expect(await textsAtServer()).toContain('written in the hotel');
  } finally {
    await portal.close();
  }
}, 90_000);
