import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';
import { makeSmallDisk } from '#test/e2e/fixtures/small-disk.ts';
import { FakeTime } from '#test/torture/fake-time.ts';
import {
  connect,
  isSettled,
  note,
  startHostProcess,
  untilStatus,
  type HostProcess,
} from '#test/torture/host-client.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import { SyncDevice } from '#test/support/sync-device.ts';

let dir: string;
let server: Child;
const hosts: HostProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-torture-laptop-'));
  server = await startChild('server', { data: join(dir, 'server') });
}, 300_000);
afterEach(async () => {
  for (const { child } of hosts.splice(0)) await child.kill();
});
afterAll(async () => {
  await server.kill();
  await rm(dir, { recursive: true, force: true });
});

async function start(dataDir: string, env: Record<string, string> = {}): Promise<HostProcess> {
  const host = await startHostProcess(dataDir, env);
  hosts.push(host);
  return host;
}

const freshFolder = (): Promise<string> => mkdtemp(join(dir, 'data-'));

/** What the server has of a stream, in the order of its numbers. */
async function atServer(stream: string): Promise<DomainEvent[]> {
  const other = await SyncDevice.logIn(server.url, 'zhang.min');
  await other.pull();
  return (other.received.get('region/sz') ?? [])
    .map(({ event }) => event)
    .filter((event) => event.stream === stream);
}

test('[TO8] on a full disk nothing is called saved that is not; with room again the same facts go through, once each', async ({
  skip,
}) => {
  const disk = await makeSmallDisk(24);
  if (disk === undefined) return skip('This account may not mount a disk.');
  const stream = 'ticket/full';
  try {
    const host = await start(join(disk.folder, 'data'));
    await connect(host, server.url);
    const saved = [await note(host, 'before', stream)];
    await untilStatus(host, isSettled);
    await disk.fill();
    let refused = 0;
    for (let typed = 0; typed < 200 && refused < 5; typed++)
      await note(host, 'x'.repeat(3_000), stream).then(
        (event) => saved.push(event),
        (thrown: unknown) => {
          expect(thrown).toMatchObject({ code: 'journal.diskFull' });
          refused++;
        },
      );
    expect(refused).toBe(5);
    await disk.free();
    saved.push(await note(host, 'after', stream));
    await untilStatus(host, isSettled);
    expect((await atServer(stream)).map(({ id }) => id)).toEqual(saved.map(({ id }) => id));
    await hosts.pop()?.child.kill();
  } finally {
    await disk.remove();
  }
}, 60_000);

test('[TO9] with a clock of 1970 or of 2099 facts keep their order, reach the server, and never carry a wrong proof of their time', async ({
  skip,
}) => {
  const time = FakeTime.in(dir);
  if (time === undefined) return skip('libfaketime is not installed.');
  const stream = 'ticket/clocks';
  const host = await start(await freshFolder(), time.env);
  await connect(host, server.url);
  const written: DomainEvent[] = [];
  const write = async (): Promise<DomainEvent> => {
    const event = await note(host, `note ${written.length}`, stream);
    written.push(event);
    const { offsetMs, uncertaintyMs } = event.clock;
    // Whoever corrects the time by the offset comes out at ours, as nearly as the fact itself says.
    if (offsetMs !== undefined)
      expect(Math.abs(Date.parse(event.at) + offsetMs - Date.now())).toBeLessThan(
        (uncertaintyMs ?? 0) + 5_000,
      );
    return event;
  };
  await write();
  await untilStatus(host, isSettled);
  for (const [clock, year] of [
    ['@1970-01-02 00:00:00', '1970'],
    ['@2099-06-01 00:00:00', '2099'],
    ['+0s', String(new Date().getUTCFullYear())],
  ] as const) {
    time.set(clock);
    await expect
      .poll(async () => (await write()).at.slice(0, 4), { timeout: 10_000, interval: 300 })
      .toBe(year);
    await untilStatus(host, isSettled);
  }
  expect(written.toSorted(compareEvents)).toEqual(written);
  expect((await atServer(stream)).map(({ id }) => id)).toEqual(written.map(({ id }) => id));
}, 60_000);

test('[TO10] a second host on one data folder is refused and told who has it; when that one is killed, the next is let in', async () => {
  const folder = await freshFolder();
  const first = await start(folder);
  await connect(first, server.url);
  await note(first, 'of the first', 'ticket/two');
  await expect(startHostProcess(folder)).rejects.toThrow(
    `Another Faultline (process ${first.child.pid}) is using this data folder`,
  );
  await first.child.kill();
  const second = await start(folder);
  await untilStatus(second, isSettled);
  expect(await atServer('ticket/two')).toHaveLength(1);
}, 60_000);

test('[TO11] a second server on one data folder is refused and told who has it', async () => {
  await expect(startChild('server', { data: join(dir, 'server') })).rejects.toThrow(
    `Another Faultline server (process ${server.pid} on `,
  );
  expect((await fetch(`${server.url}/v1/hello`)).status).toBe(200);
}, 60_000);

test('[TO12] of a copied profile one copy becomes a laptop of its own, and what both wrote arrives', async () => {
  const [original, copied] = [await freshFolder(), join(await freshFolder(), 'copy')];
  const before = await start(original);
  await connect(before, server.url);
  await note(before, 'before the copy', 'ticket/copied');
  await untilStatus(before, isSettled);
  await before.client.sync.setOffline({ offline: true });
  await note(before, 'waits in both', 'ticket/copied');
  await before.child.kill();
  await cp(original, copied, { recursive: true });
  const [one, other] = [await start(original), await start(copied)];
  const written = [
    await note(one, 'of the first', 'ticket/copied'),
    await note(other, 'of the second', 'ticket/copied'),
  ];
  for (const host of [one, other]) {
    await host.client.sync.setOffline({ offline: false });
    await untilStatus(host, isSettled);
  }
  const texts = (await atServer('ticket/copied')).map(({ data }) => data['text']);
  expect(texts.toSorted()).toEqual(['before the copy', 'of the first', 'of the second', 'waits in both']);
  expect(new Set(written.map(({ id }) => id)).size).toBe(2);
  const devices = await Promise.all(
    [one, other].map(async ({ client }) => (await client.app.info({})).workspace?.deviceId),
  );
  expect(new Set(devices).size).toBe(2);
}, 90_000);
