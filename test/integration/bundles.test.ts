import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CarriedStore } from '#electron/services/bundle/carried-store.ts';
import type { Host } from '#electron/services/host/create-host.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { context, isSettled, openLaptop, osStore, untilStatus } from '#test/support/laptop-host.ts';
import { TestServer } from '#test/support/test-server.ts';

/** The shape of a fact; what it says is nothing. */
const anEvent = {
  stream: 'probe/1',
  scope: 'region/sz',
  type: 'probe.noted',
  v: 1,
  data: {},
  hlc: '000000000000000-0000-d',
  at: '',
  tz: '',
  clock: { monotonicMs: 0, bootId: '' },
  actor: 'a',
  device: 'd',
  prev: '',
};

let dir: string;
let server: TestServer;
const hosts: Host[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-bundles-'));
  server = await TestServer.start('PGlite', { demo: true, logLevel: 'error' });
});
afterAll(async () => {
  for (const host of hosts) await host.close();
  await server?.close();
  await rm(dir, { recursive: true, force: true });
});

async function aLaptop(user: string, name = user): Promise<Host> {
  const host = await openLaptop(dir, name, { secrets: osStore });
  hosts.push(host);
  await host.handlers.app.connectServer(
    { url: server.url, user, password: 'demo', deviceName: name },
    context,
  );
  await untilStatus(host, isSettled);
  return host;
}

async function factsAtServer({ handlers }: Host, stream: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { lines } of handlers.sync.entity({ key: stream }, context))
    for (const line of lines as PullLine[]) if (line.k === 'event') ids.push(line.event.id);
  return ids;
}

test('[SY96] what a laptop without a network exports, a colleague’s laptop brings to the server: facts and photos, under their own names, once', async () => {
  const away = await aLaptop('li.wei');
  const colleague = await aLaptop('zhang.min');
  await away.handlers.sync.setOffline({ offline: true }, context);
  const { sha256 } = await away.handlers.blobs.put({ bytes: new Uint8Array(randomBytes(400_000)) }, context);
  const { events } = await away.handlers.journal.append(
    {
      drafts: [
        { ...aDraft('整流模块', 'probe/9'), type: 'probe.noted', data: { text: '整流模块' } },
        { ...aDraft('', 'probe/9'), type: 'probe.noted', data: { kind: 'photo', sha256, size: 400_000 } },
      ],
    },
    context,
  );
  const path = join(dir, 'stick.faultline');
  const passphrase = 'eight characters';
  const exported = await away.handlers.sync.exportBundle({ passphrase, path }, context);
  expect(exported).toMatchObject({ path, events: 2, blobs: 1 });
  const byDefault = await away.handlers.sync.exportBundle({ passphrase }, context);
  expect(await readdir(join(dir, 'li.wei-exports'))).toHaveLength(1);
  expect(byDefault.path.startsWith(join(dir, 'li.wei-exports'))).toBe(true);

  await expect(
    colleague.handlers.sync.importBundle({ path, passphrase: 'another one' }, context),
  ).rejects.toMatchObject({ code: 'bundle.wrongPassphrase' });
  const taken = await colleague.handlers.sync.importBundle({ path, passphrase }, context);
  expect(taken).toMatchObject({ events: 2, known: 0, blobs: 1, device: events[0]!.device });
  await untilStatus(colleague, isSettled);
  await expect
    .poll(async () => factsAtServer(colleague, 'probe/9'), { timeout: 10_000 })
    .toEqual(events.map(({ id }) => id));
  await expect
    .poll(async () =>
      (await readdir(join(dir, 'zhang.min', 'carried'))).filter((name) => name !== 'blobs.json'),
    )
    .toEqual([]);

  // Now the laptop itself comes home: the same verdicts, nothing twice.
  await away.handlers.sync.setOffline({ offline: false }, context);
  await untilStatus(away, isSettled);
  expect(await factsAtServer(away, 'probe/9')).toEqual(events.map(({ id }) => id));
  const own = await away.handlers.sync.importBundle({ path, passphrase }, context);
  expect(own).toMatchObject({ known: 2 });
  const third = await aLaptop('wang.fang');
  await third.handlers.blobs.fetch({ sha256 }, context);
  expect(await third.handlers.blobs.info({ sha256 }, context)).toEqual({ size: 400_000 });
});

test('[SY96] a host that dies after taking a bundle in still brings it to the server', async () => {
  const away = await aLaptop('li.wei', 'li.wei-2');
  await away.handlers.sync.setOffline({ offline: true }, context);
  const { events } = await away.handlers.journal.append(
    { drafts: [{ ...aDraft('', 'probe/10'), type: 'probe.noted', data: { text: 'x' } }] },
    context,
  );
  const path = join(dir, 'stick-2.faultline');
  await away.handlers.sync.exportBundle({ passphrase: 'eight characters', path }, context);
  const first = await aLaptop('zhang.min', 'zhang.min-2');
  await first.handlers.sync.setOffline({ offline: true }, context);
  await first.handlers.sync.importBundle({ path, passphrase: 'eight characters' }, context);
  await first.close();
  hosts.splice(hosts.indexOf(first), 1);
  const again = await openLaptop(dir, 'zhang.min-2', { secrets: osStore });
  hosts.push(again);
  await again.handlers.sync.setOffline({ offline: false }, context);
  await expect
    .poll(async () => factsAtServer(again, 'probe/10'), { timeout: 10_000 })
    .toEqual(events.map(({ id }) => id));
});

test('[SY96] the office takes a bundle in from the command line while its server runs', async () => {
  const away = await aLaptop('li.wei', 'li.wei-4');
  await away.handlers.sync.setOffline({ offline: true }, context);
  const { sha256 } = await away.handlers.blobs.put({ bytes: new Uint8Array(randomBytes(500_000)) }, context);
  const { events } = await away.handlers.journal.append(
    { drafts: [{ ...aDraft('', 'probe/12'), type: 'probe.noted', data: { sha256, size: 500_000 } }] },
    context,
  );
  const path = join(dir, 'stick-4.faultline');
  await away.handlers.sync.exportBundle({ passphrase: 'eight characters', path }, context);
  const take = async (passphrase: string, file = path): Promise<{ code: number | null; said: string }> => {
    const data = server.folder;
    const child = spawn(
      process.execPath,
      ['scripts/server.ts', 'import-bundle', '--data', data, '--from', file, '--password-stdin'],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    child.stdin.end(`${passphrase}\n`);
    const ended = once(child, 'close') as Promise<[number | null]>;
    const [out, problem] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: (await ended)[0], said: out + problem };
  };
  expect(await take('wrong')).toMatchObject({
    code: 1,
    said: expect.stringContaining('passphrase') as string,
  });
  const first = await take('eight characters');
  expect(JSON.parse(first.said)).toEqual({ accepted: 1, refused: 0, attachments: 1, unknownDevice: 0 });
  expect(await take('eight characters')).toEqual(first);
  const colleague = hosts.find((host) => host !== away) ?? away;
  expect(await factsAtServer(colleague, 'probe/12')).toEqual(events.map(({ id }) => id));
  await colleague.handlers.blobs.fetch({ sha256 }, context);
}, 60_000);

test('[SY95] a file that was tampered with changes nothing at all on the laptop that opens it', async () => {
  const away = await aLaptop('li.wei', 'li.wei-3');
  await away.handlers.sync.setOffline({ offline: true }, context);
  const { sha256 } = await away.handlers.blobs.put({ bytes: new Uint8Array(randomBytes(100_000)) }, context);
  await away.handlers.journal.append(
    { drafts: [{ ...aDraft('', 'probe/11'), type: 'probe.noted', data: { sha256, size: 100_000 } }] },
    context,
  );
  const path = join(dir, 'stick-3.faultline');
  await away.handlers.sync.exportBundle({ passphrase: 'eight characters', path }, context);
  const raw = await readFile(path);
  raw[raw.length - 40]! ^= 1;
  await writeFile(path, raw);
  const colleague = await aLaptop('zhang.min', 'zhang.min-3');
  await expect(
    colleague.handlers.sync.importBundle({ path, passphrase: 'eight characters' }, context),
  ).rejects.toMatchObject({ code: 'bundle.damaged' });
  expect(await readdir(join(dir, 'zhang.min-3', 'carried'))).toEqual([]);
  expect(await colleague.handlers.blobs.info({ sha256 }, context)).toEqual({ size: null });
});

test('[SY96] what was taken in is there after kill -9, at whatever moment it comes', async () => {
  const folder = join(dir, 'killed');
  const portion = (n: number): string =>
    JSON.stringify({
      device: `d${n}`,
      events: [{ ...anEvent, id: `${n}`.padStart(36, '0') }],
      signature: 's',
    });
  const program = `
    import { CarriedStore } from ${JSON.stringify(new URL('../../electron/services/bundle/carried-store.ts', import.meta.url).href)};
    const store = await CarriedStore.open(${JSON.stringify(folder)});
    for (let n = store.count; ; n++) {
      const portion = ${portion.toString().replace('anEvent', JSON.stringify(anEvent))};
      await store.add([JSON.parse(portion(n))], new Set());
      process.stdout.write(n + '\\n');
    }`;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.split('\n').length > 3 + round * 4) break;
    }
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    const last = Number(said.trimEnd().split('\n').at(-1));
    const store = await CarriedStore.open(folder);
    expect(store.count).toBeGreaterThanOrEqual(last);
    expect((await readdir(folder)).filter((name) => name.endsWith('.damaged'))).toEqual([]);
  }
}, 30_000);

test('[SY102] facts of a laptop that the server does not know are said, and given up by a person', async () => {
  const carried = await CarriedStore.open(join(dir, 'stranger', 'carried'));
  const id = '01890000-0000-7000-8000-000000000001';
  const hlc = '0moqwsu81-0000-unknown-1';
  const events = [{ ...anEvent, id, hlc, at: '2026-05-04T08:00:00.000Z', tz: 'UTC', device: 'unknown-1' }];
  const signature = Buffer.alloc(64).toString('base64');
  await carried.add([{ device: 'unknown-1', events, signature }], new Set());
  const { handlers } = await aLaptop('li.wei', 'stranger');
  const host = hosts.at(-1)!;
  expect(await untilStatus(host, (status) => status.carriedRefused?.count === 1)).toMatchObject({
    state: 'online',
    carried: 1,
    carriedRefused: { code: 'sync.badSignature' },
  });
  expect(await handlers.sync.dropCarried({}, context)).toEqual({ events: 1 });
  expect(await untilStatus(host, () => true)).toMatchObject({ carried: 0, carriedRefused: null });
});

test('[SY95] the demo has nothing to hand over', async () => {
  const demo = await openLaptop(dir, 'demo');
  hosts.push(demo);
  await demo.handlers.app.startDemo({ language: 'en' }, context);
  await expect(
    demo.handlers.sync.exportBundle({ passphrase: 'eight characters' }, context),
  ).rejects.toMatchObject({ code: 'sync.demo' });
});
