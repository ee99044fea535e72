import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type BrowserHost, startBrowserHost } from '#electron/serve.ts';
import { webSocketTransport } from '#electron/services/host/websocket-transport.ts';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { type HostClient, type HostContract, hostContract } from '#shared/host/contract.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { ScriptedServer } from '#test/support/scripted-http-server.ts';

let dir: string;
let page: string;
const hosts: BrowserHost[] = [];
const servers: ScriptedServer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-serve-'));
  page = await mkdtemp(join(tmpdir(), 'faultline-page-'));
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Faultline</title>');
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  for (const server of servers.splice(0)) await server.stop();
  await rm(dir, { recursive: true, force: true });
  await rm(page, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startBrowserHost>[0]> = {}): Promise<BrowserHost> {
  const host = await startBrowserHost({
    port: 0,
    dataDir: dir,
    rendererDir: page,
    syncTiming: { firstPauseMs: 5, longestPauseMs: 40 },
    ...options,
  });
  hosts.push(host);
  return host;
}

async function stop(host: BrowserHost): Promise<void> {
  hosts.splice(hosts.indexOf(host), 1);
  await host.close();
}

async function connect({ url, token }: BrowserHost): Promise<HostConnection<HostContract>> {
  const { host, origin } = new URL(url);
  const socket = new WebSocket(`ws://${host}/host`, { origin });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return connectContract(hostContract, webSocketTransport(socket), { token });
}

async function clientOf(host: BrowserHost): Promise<HostClient> {
  return (await connect(host)).client;
}

async function aServer(): Promise<{ server: ScriptedServer; url: string }> {
  const server = new ScriptedServer();
  servers.push(server);
  return { server, url: await server.start() };
}

async function until(client: HostClient, condition: (status: SyncStatus) => boolean): Promise<SyncStatus> {
  for await (const status of client.sync.status({})) if (condition(status)) return status;
  throw new Error('The status ended first.');
}

async function factsOf(client: HostClient): Promise<unknown[]> {
  const texts: unknown[] = [];
  for await (const item of client.journal.follow({ replay: true })) {
    if (item.k === 'live') return texts;
    if (item.k === 'events') texts.push(...item.events.map((event) => event.data['text']));
  }
  return texts;
}

const login = { user: 'li.wei', password: 'right', deviceName: 'Laptop 3' };

describe('the workspace', () => {
  test('[H42] is chosen once; the demo is there after a restart, and numbers go on', async () => {
    const first = await start();
    const client = await clientOf(first);
    expect((await client.app.info({})).workspace).toBeNull();
    await expect(client.journal.append({ drafts: [aDraft('early')] })).rejects.toMatchObject({
      code: 'app.noWorkspace',
    });
    const { workspace } = await client.app.startDemo({ language: 'zh-CN' });
    expect(workspace).toMatchObject({ kind: 'demo', userId: 'li.wei', deviceCode: 'DEMO', homeRegion: 'sz' });
    await expect(client.app.startDemo({ language: 'en' })).rejects.toMatchObject({
      code: 'app.alreadyInWorkspace',
    });
    await client.journal.append({ drafts: [aDraft('mine')] });
    const { number } = await client.journal.takeNumber({ counter: 'ticket' });
    await stop(first);

    const again = await clientOf(await start({ demo: true }));
    const info = await again.app.info({});
    expect(info.workspace).toEqual(workspace);
    expect(info.settings.language).toBe('zh-CN');
    expect(await factsOf(again)).toContain('mine');
    expect(await again.journal.takeNumber({ counter: 'ticket' })).toEqual({
      number: number + 1,
      deviceCode: 'DEMO',
    });
    await expect(again.sync.bootstrap({})).rejects.toMatchObject({ code: 'sync.demo' });
  });

  test('[H42] a demo that was cut off while it was made leaves nothing for a server to get', async () => {
    const first = await start({ demo: true });
    await stop(first);
    // As a kill before the last step leaves it.
    await rm(join(dir, 'workspace.json'));
    const { server, url } = await aServer();
    const client = await clientOf(await start());
    await client.app.connectServer({ url, ...login });
    await client.journal.append({ drafts: [aDraft('mine')] });
    await until(client, (status) => status.state === 'online' && status.unsynced === 0);
    expect([...server.accepted.values()].map((event) => event.data['text'])).toEqual(['mine']);
  });

  test('[H42] a folder that has a passphrase and no workspace gets the demo too, behind its lock', async () => {
    const first = await start();
    await (await clientOf(first)).vault.createPassphrase({ passphrase: 'correct horse' });
    await stop(first);
    const client = await clientOf(await start({ demo: 'zh-CN' }));
    expect(await client.app.info({})).toMatchObject({
      access: 'locked',
      workspace: { kind: 'demo' },
      settings: { language: 'zh-CN' },
    });
    await expect(client.journal.takeNumber({ counter: 'ticket' })).rejects.toMatchObject({
      code: 'app.locked',
    });
    await client.app.unlock({ passphrase: 'correct horse' });
    expect((await factsOf(client)).length).toBeGreaterThan(0);
  });

  test('[H42] a damaged workspace file is said, and nothing is begun over the journal', async () => {
    await stop(await start({ demo: true }));
    await writeFile(join(dir, 'workspace.json'), '{"kind":');
    await expect(start({ demo: true })).rejects.toMatchObject({ code: 'app.damagedWorkspace' });
    expect(await readFile(join(dir, 'workspace.json'), 'utf8')).toBe('{"kind":');
  });

  test('[J11] belongs to one host: a second one is refused with the reason', async () => {
    await start({ demo: true });
    await expect(start()).rejects.toMatchObject({ code: 'journal.locked' });
  });

  test('[H43] a server workspace logs in, syncs, and after a restart waits for the login without losing anything', async () => {
    const { server, url } = await aServer();
    const first = await start();
    const client = await clientOf(first);
    const { workspace } = await client.app.connectServer({ url, ...login });
    expect(workspace).toMatchObject({
      kind: 'server',
      deviceId: 'device-of-server',
      deviceCode: 'SZ03',
      serverUrl: url,
    });
    await client.journal.append({ drafts: [aDraft('sent')] });
    await until(client, (status) => status.state === 'online' && status.unsynced === 0);
    expect(server.accepted.size).toBe(1);
    await stop(first);
    for (const name of await readdir(dir)) {
      const file = join(dir, name);
      if ((await stat(file)).isFile()) expect(await readFile(file, 'utf8')).not.toContain(server.token);
    }

    const again = await clientOf(await start());
    await until(again, (status) => status.state === 'needsLogin');
    await again.journal.append({ drafts: [aDraft('written meanwhile')] });
    await expect(again.app.login({ password: 'wrong' })).rejects.toMatchObject({
      code: 'sync.wrongPassword',
    });
    await again.app.login({ password: 'right' });
    await until(again, (status) => status.state === 'online' && status.unsynced === 0);
    expect(server.accepted.size).toBe(2);
  });

  test('[H43] says clearly why it cannot connect, and then still can', async () => {
    const { server, url } = await aServer();
    const client = await clientOf(await start());
    const attempt = (change: object): Promise<unknown> =>
      client.app.connectServer({ url, ...login, ...change });
    await expect(attempt({ password: 'wrong' })).rejects.toMatchObject({ code: 'sync.wrongPassword' });
    await expect(attempt({ url: 'http://faultline.example.com' })).rejects.toMatchObject({
      code: 'app.badUrl',
    });
    await expect(attempt({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'sync.offline' });
    server.fail('/v1/hello', 'garbage');
    await expect(attempt({})).rejects.toMatchObject({ code: 'sync.notAServer' });
    server.protocol = { min: 5, max: 6 };
    await expect(attempt({})).rejects.toMatchObject({ code: 'sync.otherVersion' });
    server.protocol = { min: 1, max: 1 };
    expect((await client.app.info({})).workspace).toBeNull();
    await attempt({});
  });

  test('[H22] with a passphrase the login survives a restart', async () => {
    const { url } = await aServer();
    const first = await start();
    const client = await clientOf(first);
    await client.vault.createPassphrase({ passphrase: 'correct horse' });
    await client.app.connectServer({ url, ...login });
    await stop(first);
    const again = await clientOf(await start());
    expect(await again.app.info({})).toMatchObject({ access: 'locked', vault: 'locked' });
    expect(await again.vault.unlock({ passphrase: 'correct horse' })).toEqual({ state: 'passphrase' });
    await until(again, (status) => status.state === 'online');
  });
});

test('[SY101] offline by choice and the metered mode are there after a restart; nothing is asked of the server before they are taken back', async () => {
  const { server, url } = await aServer();
  const first = await start();
  const client = await clientOf(first);
  await client.vault.createPassphrase({ passphrase: 'correct horse' });
  await client.app.connectServer({ url, ...login });
  await until(client, (status) => status.state === 'online');
  await client.sync.setMetered({ mode: 'on' });
  await client.sync.setOffline({ offline: true });
  await client.journal.append({ drafts: [aDraft('mine')] });
  await stop(first);
  const asked = server.requests.length;
  const second = await start();
  const again = await clientOf(second);
  await again.app.unlock({ passphrase: 'correct horse' });
  expect(await until(again, () => true)).toMatchObject({
    state: 'offline',
    offlineByChoice: true,
    metered: true,
    meteredMode: 'on',
    unsynced: 1,
  });
  await again.sync.now({});
  expect(await until(again, () => true)).toMatchObject({ offlineByChoice: true, nextTryAt: null });
  expect(server.requests).toHaveLength(asked);
  await again.sync.setOffline({ offline: false });
  await until(again, (status) => status.state === 'online' && status.unsynced === 0);
  await stop(second);
  const third = await clientOf(await start());
  await third.app.unlock({ passphrase: 'correct horse' });
  expect(await until(third, (status) => status.state === 'online')).toMatchObject({
    offlineByChoice: false,
    meteredMode: 'on',
  });
});

describe('what screens ask for', () => {
  test('[H44] settings are told to every watcher and kept', async () => {
    const first = await start();
    const client = await clientOf(first);
    const heard: string[] = [];
    for await (const info of client.app.watch({})) {
      heard.push(info.settings.theme);
      if (heard.length === 1) await client.app.setSettings({ theme: 'dark' });
      else break;
    }
    expect(heard).toEqual(['system', 'dark']);
    await stop(first);
    expect((await (await clientOf(await start())).app.info({})).settings.theme).toBe('dark');
  });

  test('[H45] attachments go up in pieces and come back whole; no path leads out of the store', async () => {
    const { blobs } = await clientOf(await start());
    const piece = new Uint8Array(1_000_000).map((_, i) => i % 253);
    const { uploadId } = await blobs.begin({});
    for (let i = 0; i < 3; i++) await blobs.append({ uploadId, bytes: piece });
    const ref = await blobs.finish({ uploadId });
    expect(ref.size).toBe(3_000_000);
    let size = 0;
    for await (const { bytes } of blobs.open({ sha256: ref.sha256 })) size += bytes.length;
    expect(size).toBe(3_000_000);
    const part = await blobs.read({ sha256: ref.sha256, offset: 999_999, length: 2 });
    expect(part.bytes).toEqual(new Uint8Array([piece[999_999]!, piece[0]!]));
    await expect(blobs.append({ uploadId, bytes: piece })).rejects.toMatchObject({
      code: 'blobs.unknownUpload',
    });
    await expect(blobs.read({ sha256: '../../etc/passwd' })).rejects.toMatchObject({ code: 'host.badInput' });
    await expect(blobs.fetch({ sha256: 'a'.repeat(64) })).rejects.toMatchObject({ code: 'blobs.missing' });
  });

  test('[H23] credentials go in and their secrets never come out', async () => {
    const { vault } = await clientOf(await start());
    await vault.save({ kind: 'password', label: 'SMU', username: 'admin', password: 'zhengliu-48V' });
    expect(JSON.stringify(await vault.list({}))).not.toContain('zhengliu');
    expect((await vault.list({})).credentials).toMatchObject([{ label: 'SMU', kept: 'untilQuit' }]);
  });

  test('[H46] without native dialogs and a shell the host says so', async () => {
    const { app } = await clientOf(await start());
    await expect(app.pickFile({ title: 'Log' })).rejects.toMatchObject({ code: 'host.unsupported' });
    await expect(app.openExternal({ url: 'https://faultline.example' })).rejects.toMatchObject({
      code: 'host.unsupported',
    });
  });
});

describe('starting', () => {
  test('[H48] refuses to run inside Electron', async () => {
    const versions = vi
      .spyOn(process, 'versions', 'get')
      .mockReturnValue({ ...process.versions, electron: '45.4.1' });
    await expect(startBrowserHost({ port: 0, dataDir: dir, rendererDir: page })).rejects.toMatchObject({
      code: 'host.insideElectron',
    });
    versions.mockRestore();
  });

  test('[H49] says that its port is taken, and lets go of the data folder', async () => {
    const first = await start({ demo: true });
    const other = await mkdtemp(join(tmpdir(), 'faultline-serve-'));
    const port = Number(new URL(first.url).port);
    await expect(
      startBrowserHost({ port, dataDir: other, rendererDir: page, demo: true }),
    ).rejects.toMatchObject({ code: 'host.portInUse' });
    await start({ dataDir: other });
    await stop(hosts.at(-1)!);
    await rm(other, { recursive: true });
  });

  test('[H14] makes another token at each start, of 256 bits', async () => {
    const first = await start();
    await stop(first);
    const second = await start();
    expect(first.token).toMatch(/^[0-9a-f]{64}$/);
    expect(second.token).not.toBe(first.token);
    expect(second.url).toContain(`/#token=${second.token}`);
    await expect(connect({ ...second, token: first.token })).rejects.toMatchObject({ code: 'host.badToken' });
  });
});
