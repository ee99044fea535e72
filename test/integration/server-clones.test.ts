import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carriedText } from '#server/sync/carried.ts';
import { DeviceKey } from '#test/support/login-device.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { newStream } from '#test/support/probe-domain.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';

describe.each(DATABASES)('Devices that are copied, revoked or carried for, on %s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(kind, { demo: true, logLevel: 'error', fsync: true });
    await server.addAccount({
      id: 'boss',
      name: '管',
      password: 'demo',
      roles: ['admin'],
      homeRegion: 'sz',
    });
  });
  afterAll(() => server?.close());

  const fresh = (user = 'li.wei', device: object = {}): Promise<SyncDevice> =>
    SyncDevice.logIn(server.url, user, 'demo', device);
  const problem = (answer: { status: number; body: unknown }) => [
    answer.status,
    (answer.body as { code?: string }).code,
  ];
  const run = (id: string, ...before: string[]) => ({ run: { id, before } });

  it('[SY63] follows the runs of one laptop, and refuses the copy that comes second', async () => {
    const laptop = await fresh();
    const note = () => [laptop.event({ stream: newStream() })];
    await laptop.push(note(), run('r1'));
    await laptop.push(note(), run('r1'));
    // Two restarts without a push between them.
    await laptop.push(note(), run('r3', 'r2', 'r1'));
    const copy = laptop.copy();
    await laptop.push(note(), run('r4a', 'r3', 'r2', 'r1'));
    const event = copy.event({ stream: newStream() });
    const refused = await copy.offer([event], run('r4b', 'r3', 'r2', 'r1'));
    expect(problem(refused)).toEqual([409, 'sync.clonedDevice']);
    expect(await copy.entity(event.stream)).toEqual([]);
    // The first goes on, and so do laptops that do not tell their runs.
    await laptop.push(note(), run('r4a', 'r3', 'r2', 'r1'));
    await laptop.push(note());
  });

  it('[SY63] makes the copy a device of its own that hands in what it wrote before', async () => {
    const laptop = await fresh();
    const stream = newStream();
    await laptop.push([laptop.event({ stream })], run('a1'));
    const copy = laptop.copy();
    const [mine, theirs] = [laptop.event({ stream }), copy.event({ stream })];
    await laptop.push([mine], run('a2', 'a1'));
    expect(problem(await copy.offer([theirs], run('b2', 'a1')))).toEqual([409, 'sync.clonedDevice']);

    const renewed = await copy.renew();
    expect(renewed.login).toMatchObject({ userId: 'li.wei', roles: ['engineer'], epoch: server.epoch });
    expect(renewed.login.deviceId).not.toBe(laptop.login.deviceId);
    expect(renewed.login.deviceCode).not.toBe(laptop.login.deviceCode);
    const own = renewed.event({ stream });
    const { verdicts } = await renewed.push([theirs, own], run('b2', 'a1'));
    // Both copies went on from the same fact: the second one's chain is broken there, its own chain is new.
    expect(verdicts).toMatchObject([
      { verdict: 'acceptedWithException', code: 'sync.chainBroken' },
      { verdict: 'accepted' },
    ]);
    // And again after one more copy: through two generations, and with the verdict it was given.
    const third = await renewed.renew();
    expect((await third.push([theirs])).verdicts).toEqual([verdicts[0]]);
    const late = copy.event({ stream: newStream() });
    expect((await third.push([late])).verdicts).toEqual([{ id: late.id, verdict: 'accepted' }]);
    expect((await laptop.entity(stream)).map(({ id }) => id).toSorted()).toHaveLength(4);
  });

  it('[SY63] keeps refusals and their place in the chain over a renewal', async () => {
    const laptop = await fresh();
    const stream = newStream();
    const refused = laptop.event({ stream, scope: 'region/atlantis' });
    const first = await laptop.push([refused]);
    const next = laptop.event({ stream });
    const renewed = await laptop.renew();
    expect((await renewed.push([refused, next])).verdicts).toEqual([
      first.verdicts[0],
      { id: next.id, verdict: 'accepted' },
    ]);
  });

  it('[SY63] lets nobody hand in the facts of a device that his does not succeed', async () => {
    const [laptop, other] = [await fresh(), await fresh('zhang.min')];
    const event = laptop.event({ stream: newStream() });
    const renewed = await other.renew();
    expect((await renewed.push([event])).verdicts[0]?.code).toBe('sync.wrongActor');
    const same = await fresh();
    expect((await same.push([event])).verdicts[0]?.code).toBe('sync.wrongDevice');
    expect((await laptop.push([event])).verdicts[0]?.verdict).toBe('accepted');
  });

  it('[SY64] takes what a revoked device still has, keeps it for the office, and shows it nothing', async () => {
    const [laptop, boss] = [await fresh(), await fresh('boss')];
    const stream = newStream();
    const sent = laptop.event({ stream });
    await laptop.push([sent]);
    const line = await poked(laptop);
    const path = `/v1/admin/devices/${laptop.login.deviceId}`;
    expect((await boss.request('POST', `${path}/revoke`, { reason: 'lost' })).status).toBe(200);
    // The line of pokes ends with the right to read, not with the next poke.
    while (!(await line.read()).done);

    const unsent = laptop.event({ stream });
    const { verdicts } = await laptop.push([sent, unsent]);
    expect(verdicts).toMatchObject([
      { id: sent.id, verdict: 'accepted' },
      { id: unsent.id, verdict: 'refused', code: 'sync.deviceRevoked' },
    ]);
    expect((await laptop.push([sent, unsent])).verdicts).toEqual(verdicts);
    const closed = [
      await laptop.request('POST', '/v1/pull', {}),
      await laptop.request('GET', '/v1/bootstrap'),
      await laptop.request('GET', `/v1/entities/${stream}`),
      await laptop.request('GET', '/v1/poke'),
      await laptop.request('POST', '/v1/devices/renew', {}),
    ];
    expect(closed.map(problem)).toEqual(closed.map(() => [403, 'auth.deviceRevoked']));

    const { body } = await boss.request('GET', '/v1/admin/refusals');
    expect((body as { refusals: { id: string; event: unknown }[] }).refusals).toContainEqual(
      expect.objectContaining({ id: unsent.id, event: unsent }),
    );
    const accepted = { device: laptop.login.deviceId, id: unsent.id, reason: 'seen' };
    expect((await boss.request('POST', '/v1/admin/refusals/accept', accepted)).status).toBeLessThan(300);
    expect((await laptop.push([unsent])).verdicts[0]).toMatchObject({
      verdict: 'acceptedWithException',
      code: 'sync.acceptedByOffice',
    });
    expect((await boss.entity(stream)).map(({ id }) => id)).toEqual([sent.id, unsent.id]);
  });

  it('[SY65] judges carried facts as a push of the device that signed them, once', async () => {
    const key = new DeviceKey();
    const [origin, carrier] = [await fresh('li.wei', { publicKey: key.publicKey }), await fresh('zhang.min')];
    const stream = newStream();
    const events = [origin.event({ stream }), origin.event({ stream, scope: 'org' })];
    const device = origin.login.deviceId;
    const carried = { device, events, signature: key.sign(carriedText(device, events)) };
    const answer = await carrier.request('POST', '/v1/carried', carried);
    expect(answer.body).toMatchObject({
      epoch: server.epoch,
      durable: true,
      verdicts: [
        { id: events[0]!.id, verdict: 'accepted' },
        { id: events[1]!.id, verdict: 'refused', code: 'sync.noRight' },
      ],
    });
    const { verdicts } = answer.body as { verdicts: unknown[] };
    expect(
      ((await carrier.request('POST', '/v1/carried', carried)).body as { verdicts: unknown }).verdicts,
    ).toEqual(verdicts);
    expect((await origin.push(events)).verdicts).toEqual(verdicts);
    expect(await carrier.entity(stream)).toEqual([events[0]]);
  });

  it('[SY65] keeps nothing of what is not signed by the device it names', async () => {
    const key = new DeviceKey();
    const [origin, keyless, carrier] = [
      await fresh('li.wei', { publicKey: key.publicKey }),
      await fresh('wang.fang'),
      await fresh('zhang.min'),
    ];
    const stream = newStream();
    const events = [origin.event({ stream })];
    const device = origin.login.deviceId;
    const signature = key.sign(carriedText(device, events));
    const forged = [
      { device, events: [{ ...events[0]!, data: { more: 1 } }], signature },
      { device, events, signature: new DeviceKey().sign(carriedText(device, events)) },
      { device, events, signature: 'A'.repeat(86) },
      { device: keyless.login.deviceId, events, signature },
      { device: 'nobody', events, signature },
    ];
    for (const one of forged)
      expect(problem(await carrier.request('POST', '/v1/carried', one))).toEqual([403, 'sync.badSignature']);
    let deep: unknown = 1;
    for (let level = 0; level < 1_000; level++) deep = [deep];
    const nested = { device, events: [{ ...events[0]!, data: { deep } }], signature };
    expect(problem(await carrier.request('POST', '/v1/carried', nested))).toEqual([400, 'http.malformed']);
    expect(await carrier.entity(stream)).toEqual([]);
    // And the device itself is not harmed by it.
    expect((await origin.push(events)).verdicts[0]?.verdict).toBe('accepted');
  });
});

async function poked(device: SyncDevice): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await fetch(`${device.url}/v1/poke`, {
    headers: { authorization: `Bearer ${device.login.token}` },
  });
  const reader = response.body!.getReader();
  await reader.read();
  return reader;
}
