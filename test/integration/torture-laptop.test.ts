import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startChild } from '#test/e2e/fixtures/child.ts';
import { makeSmallDisk } from '#test/e2e/fixtures/small-disk.ts';
import { FakeTime } from '#test/support/fake-time.ts';
import { connect, isSettled, note, startHostProcess, untilStatus } from '#test/torture/host-client.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import { HostProcesses } from '#test/support/host-processes.ts';

let world: HostProcesses;

beforeAll(async () => {
  world = await HostProcesses.open();
}, 300_000);
afterEach(() => world.killHosts());
afterAll(() => world?.close());

/** What the server has of a stream, in the order of its numbers. */
async function atServer(stream: string): Promise<DomainEvent[]> {
  return (await world.factsAtServer()).filter((event) => event.stream === stream);
}

test('[TO8] on a full disk nothing is called saved that is not; with room again the same facts go through, once each', async ({
  skip,
}) => {
  const disk = await makeSmallDisk(24);
  if (disk === undefined) return skip('This account may not mount a disk.');
  const stream = 'ticket/full';
  try {
    const host = await world.startHost(join(disk.folder, 'data'));
    await connect(host, world.server.url);
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
    await world.hosts.pop()?.child.kill();
  } finally {
    await disk.remove();
  }
}, 60_000);

test('[TO9] with a clock of 1970 or of 2099 facts keep their order, reach the server, and never carry a wrong proof of their time', async ({
  skip,
}) => {
  const time = FakeTime.in(world.dir);
  if (time === undefined) return skip('libfaketime is not installed.');
  const stream = 'ticket/clocks';
  const host = await world.startHost(undefined, time.env);
  await connect(host, world.server.url);
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
  const folder = await world.freshFolder();
  const first = await world.startHost(folder);
  await connect(first, world.server.url);
  await note(first, 'of the first', 'ticket/two');
  await expect(startHostProcess(folder)).rejects.toThrow(
    `Another Faultline (process ${first.child.pid}) is using this data folder`,
  );
  await first.child.kill();
  const second = await world.startHost(folder);
  await untilStatus(second, isSettled);
  expect(await atServer('ticket/two')).toHaveLength(1);
}, 60_000);

test('[TO11] a second server on one data folder is refused and told who has it', async () => {
  await expect(startChild('server', { data: join(world.dir, 'server') })).rejects.toThrow(
    `Another Faultline server (process ${world.server.pid} on `,
  );
  expect((await fetch(`${world.server.url}/v1/hello`)).status).toBe(200);
}, 60_000);

test('[TO12] of a copied profile one copy becomes a laptop of its own, and what both wrote arrives', async () => {
  const [original, copied] = [await world.freshFolder(), join(await world.freshFolder(), 'copy')];
  const before = await world.startHost(original);
  await connect(before, world.server.url);
  await note(before, 'before the copy', 'ticket/copied');
  await untilStatus(before, isSettled);
  await before.client.sync.setOffline({ offline: true });
  await note(before, 'waits in both', 'ticket/copied');
  await before.child.kill();
  await cp(original, copied, { recursive: true });
  const [one, other] = [await world.startHost(original), await world.startHost(copied)];
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
