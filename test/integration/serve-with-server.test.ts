import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '#electron/services/host/create-host.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { context, isSettled, openLaptop, untilStatus } from '#test/support/laptop-host.ts';
import { TestServer } from '#test/support/test-server.ts';

const hosts: Host[] = [];
let dir: string;
let server: TestServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-two-hosts-'));
  server = await TestServer.start('PGlite', { demo: true, logLevel: 'error' });
});
afterAll(async () => {
  for (const host of hosts) await host.close();
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

async function aLaptop(user: string): Promise<Host> {
  const host = await openLaptop(dir, user);
  hosts.push(host);
  await host.handlers.app.connectServer(
    { url: server.url, user, password: 'demo', deviceName: `Laptop of ${user}` },
    context,
  );
  return host;
}

async function pull(laptop: Host['handlers']): Promise<PullLine[]> {
  const lines: PullLine[] = [];
  for await (const batch of laptop.sync.pull({ epoch: null, cursors: {} }, context))
    lines.push(...(batch.lines as PullLine[]));
  return lines;
}

test('[H30][H36][H37][H38] a fact and its photo go from one laptop through the real server to another', async () => {
  const [first, second] = [await aLaptop('li.wei'), await aLaptop('zhang.min')];
  const [engineer, desk] = [first.handlers, second.handlers];
  const photo = new Uint8Array(300_000).map((_, i) => (i * 7) % 256);
  const { sha256 } = await engineer.blobs.put({ bytes: photo }, context);
  const draft = {
    ...aDraft('整流模块 3 告警', 'probe/1'),
    type: 'probe.noted',
    data: { text: '整流模块 3 告警', photo: sha256 },
  };
  const { events } = await engineer.journal.append({ drafts: [draft] }, context);
  await untilStatus(first, isSettled);

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
  await untilStatus(hosts[1]!, isSettled);
  const pokes = desk.sync.pokes({}, context)[Symbol.asyncIterator]();
  await pokes.next();
  const told = pokes.next();
  await engineer.journal.append(
    { drafts: [{ ...aDraft('second', 'probe/2'), type: 'probe.noted' }] },
    context,
  );
  expect((await told).value).toEqual({ reason: 'poke' });
});
