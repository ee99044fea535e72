import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, type Host } from '#electron/services/host/create-host.ts';
import { spawnWorkerThread } from '#electron/services/host/spawn-worker-thread.ts';
import { noSecretStore } from '#electron/services/vault/secret-store.ts';
import { type RunningServer, startServer } from '#server/start.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';

const context = { signal: new AbortController().signal };
const hosts: Host[] = [];
let dir: string;
let server: RunningServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-two-hosts-'));
  server = await startServer({ data: join(dir, 'server'), demo: true, logLevel: 'error' });
});
afterAll(async () => {
  for (const host of hosts) await host.close();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function aLaptop(user: string): Promise<Host['handlers']> {
  const host = await createHost({
    paths: { data: join(dir, user), resources: dir, downloads: dir },
    version: '0.1.0',
    hostKind: 'browser',
    capabilities: {
      nativeMenu: false,
      nativeDialogs: false,
      safeStorage: false,
      openExternal: false,
      notifications: false,
      autoUpdate: false,
    },
    secrets: noSecretStore,
    spawnWorker: spawnWorkerThread,
    openExternal: async () => 'refused',
    choosePath: async () => undefined,
  });
  hosts.push(host);
  await host.handlers.app.connectServer(
    { url: server.url, user, password: 'demo', deviceName: `Laptop of ${user}` },
    context,
  );
  return host.handlers;
}

async function whenSynced(laptop: Host['handlers']): Promise<void> {
  for await (const status of laptop.sync.status({}, context)) {
    if (status.state === 'online' && status.unsynced === 0 && status.unsentBlobs === 0) return;
  }
}

async function pull(laptop: Host['handlers']): Promise<PullLine[]> {
  const lines: PullLine[] = [];
  for await (const batch of laptop.sync.pull({ epoch: null, cursors: {} }, context))
    lines.push(...(batch.lines as PullLine[]));
  return lines;
}

test('[H30][H36][H37][H38] a fact and its photo go from one laptop through the real server to another', async () => {
  const engineer = await aLaptop('li.wei');
  const desk = await aLaptop('zhang.min');
  const photo = new Uint8Array(300_000).map((_, i) => (i * 7) % 256);
  const { sha256 } = await engineer.blobs.put({ bytes: photo }, context);
  const draft = {
    ...aDraft('整流模块 3 告警', 'probe/1'),
    type: 'probe.noted',
    data: { text: '整流模块 3 告警', photo: sha256 },
  };
  const { events } = await engineer.journal.append({ drafts: [draft] }, context);
  await whenSynced(engineer);

  const lines = await pull(desk);
  expect(lines.filter((line) => line.k === 'event').map((line) => line.event)).toContainEqual(events[0]);
  expect(lines.at(-1)).toMatchObject({ k: 'end', more: false });
  expect(await desk.blobs.info({ sha256 }, context)).toEqual({ size: null });
  await desk.blobs.fetch({ sha256 }, context);
  expect((await desk.blobs.read({ sha256, offset: 0, length: 1_000_000 }, context)).bytes).toEqual(photo);

  const manifest = await desk.sync.bootstrap({}, context);
  const rows: string[] = [];
  for (const segment of manifest.segments) {
    const { bytes } = await desk.sync.segment({ sha256: segment.sha256 }, context);
    rows.push(
      ...gunzipSync(bytes as Uint8Array)
        .toString()
        .trim()
        .split('\n'),
    );
  }
  expect(rows.map((row) => JSON.parse(row).key)).toContain('probe/1');

  const facts: PullLine[] = [];
  for await (const batch of desk.sync.entity({ key: 'probe/1' }, context))
    facts.push(...(batch.lines as PullLine[]));
  expect(facts.filter((line) => line.k === 'event')).toHaveLength(1);
});

test('[H39] the other laptop is poked', async () => {
  const [engineer, desk] = [hosts[0]!.handlers, hosts[1]!.handlers];
  await whenSynced(desk);
  const pokes = desk.sync.pokes({}, context)[Symbol.asyncIterator]();
  await pokes.next();
  const told = pokes.next();
  await engineer.journal.append(
    { drafts: [{ ...aDraft('second', 'probe/2'), type: 'probe.noted' }] },
    context,
  );
  expect((await told).value).toEqual({ reason: 'poke' });
});
