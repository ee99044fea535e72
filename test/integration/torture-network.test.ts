import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { HostProcesses } from '#test/support/host-processes.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';
import { connect, isSettled, note, untilStatus } from '#test/torture/host-client.ts';
import { startBufferingProxy, startCaptivePortal } from '#test/torture/strange-servers.ts';

let world: HostProcesses;
let proxy: TcpProxy;

beforeAll(async () => {
  world = await HostProcesses.open();
}, 300_000);
afterAll(() => world?.close());
beforeEach(async () => {
  proxy = await startTcpProxy(world.server.url);
});
afterEach(async () => {
  await world.killHosts();
  await proxy.close();
});

/** What another laptop of the region gets from the server, past the proxy. */
const textsAtServer = async (): Promise<string[]> =>
  (await world.factsAtServer()).map(({ data }) => String(data['text']));

test('[TO5] a server killed between taking a fact and saying so has it once, and the laptop gets its word', async () => {
  const host = await world.startHost();
  await connect(host, proxy.url);
  await untilStatus(host, isSettled);
  proxy.set({ k: 'dropAnswers' });
  await note(host, 'taken, not answered');
  await expect.poll(textsAtServer, { timeout: 20_000 }).toContain('taken, not answered');
  expect((await host.client.sync.unsynced({})).items).toHaveLength(1);
  await world.restartServer();
  proxy.set({ k: 'open' });
  proxy.resetAll();
  await untilStatus(host, isSettled);
  expect((await textsAtServer()).filter((text) => text === 'taken, not answered')).toHaveLength(1);
}, 90_000);

test('[TO6] behind a proxy that holds streams back no poke arrives, and facts go both ways all the same', async () => {
  const buffering = await startBufferingProxy(world.server.url);
  try {
    const host = await world.startHost();
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
    const host = await world.startHost();
    await connect(host, proxy.url);
    await untilStatus(host, isSettled);
    proxy.setTarget(portal.url);
    proxy.resetAll();
    await note(host, 'written in the hotel');
    const status = await untilStatus(host, ({ lastError }) => lastError?.code === 'sync.captivePortal');
    expect(status).toMatchObject({ unsynced: 1, refused: 0 });
    proxy.setTarget(world.server.url);
    proxy.resetAll();
    await untilStatus(host, isSettled);
    expect(await textsAtServer()).toContain('written in the hotel');
  } finally {
    await portal.close();
  }
}, 90_000);
