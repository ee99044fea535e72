import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { foldEntity } from '#shared/domain/projection.ts';
import { compareEvents } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { foldRow, probeDomain, newStream, startProbeServer } from '#test/support/probe-domain.ts';
import { checksumOf, SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, type TestServer } from '#test/support/test-server.ts';

const REGION = 'region/sz';

/** Eleven laptops at once on an embedded database that has only just begun: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

describe.each(DATABASES)('Pulling from the server on %s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startProbeServer(kind);
  });
  afterAll(() => server?.close());

  const fresh = (user = 'li.wei'): Promise<SyncDevice> => SyncDevice.logIn(server.url, user);

  it('[SY9] loses nothing while ten devices push and others pull', async () => {
    const scope = REGION;
    const writers: SyncDevice[] = [];
    for (let index = 0; index < 10; index++)
      writers.push(await fresh(['li.wei', 'zhang.min', 'wang.fang'][index % 3]));
    const reader = await fresh();
    await reader.pull();
    const before = reader.receivedIds(scope).length;
    const shared = newStream();
    const writing = { on: true };
    const reading = (async () => {
      let pages = 0;
      while (writing.on) {
        await reader.pullPage();
        pages++;
      }
      return pages;
    })();
    const pushed = await Promise.all(
      writers.map(async (writer) => {
        const ids: string[] = [];
        for (let round = 0; round < 12; round++) {
          const events = [
            writer.event({ stream: shared }),
            writer.event({ stream: newStream(), data: { touches: [`probe/common-${round % 3}`] } }),
          ];
          const { verdicts } = await writer.push(events);
          ids.push(...verdicts.filter(({ verdict }) => verdict === 'accepted').map(({ id }) => id));
        }
        return ids;
      }),
    );
    writing.on = false;
    expect(await reading).toBeGreaterThan(1);
    const lines = await reader.pull();
    const ids = reader.receivedIds(scope);
    expect(ids.slice(before).toSorted()).toEqual(pushed.flat().toSorted());
    expect(pushed.flat()).toHaveLength(240);
    expect(reader.received.get(scope)?.map(({ n }) => n)).toEqual(ids.map((_, index) => index + 1));
    expect(lines).toContainEqual({ k: 'checksum', scope, count: ids.length, hash: checksumOf(ids) });
    // And what ten devices wrote into one entity at once is folded whole, in order.
    const facts = await reader.entity(shared);
    const row = (await reader.rows(await reader.manifest())).find(({ key }) => key === shared);
    expect(row?.state).toEqual({ seen: facts.toSorted(compareEvents).map(({ id }) => id) });
    expect(facts).toHaveLength(120);
  });

  it('[SY10] says in the same snapshot which own event is the last one contained', async () => {
    const device = await fresh();
    const acked = (lines: readonly PullLine[]) => lines.find(({ k }) => k === 'acked');
    expect(acked(await device.pull())).toEqual({ k: 'acked', lastEventId: '' });
    const writing = { on: true };
    const reading = (async () => {
      while (writing.on) {
        const line = acked(await device.pull());
        if (line?.k === 'acked' && line.lastEventId !== '')
          expect(device.receivedIds()).toContain(line.lastEventId);
      }
    })();
    let last = '';
    for (let round = 0; round < 15; round++) {
      const event = device.event({ stream: newStream() });
      await device.push([event]);
      last = event.id;
    }
    writing.on = false;
    await reading;
    expect(acked(await device.pull())).toEqual({ k: 'acked', lastEventId: last });
  });

  it('[SY11] sends bounded pages, with a checksum only for scopes that are complete', async () => {
    const device = await fresh();
    for (let round = 0; round < 11; round++) {
      await device.push(Array.from({ length: 200 }, () => device.event({ stream: 'probe/many' })));
    }
    const reader = await fresh('zhang.min');
    const first = await reader.pullPage();
    expect(first.filter(({ k }) => k === 'event')).toHaveLength(2_000);
    expect(first.at(-1)).toMatchObject({ k: 'end', more: true });
    expect(first.filter((line) => line.k === 'checksum').map(({ scope }) => scope)).not.toContain(REGION);
    const rest = await reader.pull();
    expect(rest.at(-1)).toMatchObject({ k: 'end', more: false });
    const ids = reader.receivedIds();
    expect(rest).toContainEqual({ k: 'checksum', scope: REGION, count: ids.length, hash: checksumOf(ids) });
  });

  it('[SY12] sends everything again to a laptop that comes with the numbers of another epoch', async () => {
    const device = await fresh();
    await device.pull();
    const all = device.receivedIds().length;
    device.epoch = 'an-older-one';
    device.received.clear();
    const lines = await device.pullPage();
    expect(lines[0]).toMatchObject({ k: 'head', epoch: server.epoch });
    device.epoch = server.epoch;
    await device.pull();
    expect(device.receivedIds()).toHaveLength(all);
  });

  it('[SY13] shows each user only his scopes, and names the ones he lost', async () => {
    const device = await fresh('zhao.bj');
    device.cursors = { 'region/sz': 5 };
    const lines = await device.pull();
    expect(lines[0]).toMatchObject({ scopes: ['org', 'region/bj', 'user/zhao.bj'], lost: ['region/sz'] });
    expect(device.receivedIds(REGION)).toEqual([]);
    expect(await device.entity('probe/many')).toEqual([]);
  });

  it('[SY14] bootstraps with rows that equal the fold of all events, and pull goes on from there', async () => {
    const writer = await fresh();
    const ticket = `ticket/${kind}-boot`;
    const facts = [
      writer.event({ stream: ticket, type: 'ticket.assigned', data: { to: 'li.wei', tier: 'L1' } }),
      writer.event({ stream: ticket, type: 'ticket.accepted', data: {} }),
    ];
    await writer.push(facts);
    // What cannot be folded is passed over, and has a row all the same.
    await writer.push([writer.event({ stream: newStream(), data: { explode: true } })]);
    const newcomer = await fresh('zhang.min');
    const manifest = await newcomer.manifest();
    const rows = await newcomer.rows(manifest);
    expect(rows).toHaveLength(manifest.segments.reduce((sum, segment) => sum + segment.rows, 0));
    expect(manifest.segments.every((segment) => segment.rows <= 10)).toBe(true);
    expect(manifest.latestHlc).toBe(
      rows
        .map(({ hlc }) => hlc)
        .sort()
        .at(-1),
    );

    await writer.pull();
    const events = writer.received.get(REGION)?.map(({ event }) => event) ?? [];
    const byKey = Map.groupBy(
      events.flatMap((event) => probeDomain.touches(event).map((key) => ({ key, event }))),
      ({ key }) => key,
    );
    const expected = [...byKey].map(([key, touched]) =>
      foldRow(
        key,
        REGION,
        touched.map(({ event }) => event),
      ),
    );
    const inRegion = rows.filter(({ scope }) => scope === REGION);
    expect(inRegion.toSorted(byKeyOrder)).toEqual(expected.toSorted(byKeyOrder));
    expect(inRegion.find(({ key }) => key === ticket)?.state).toEqual(foldEntity(ticket, facts)?.state);

    newcomer.cursors = manifest.cursors;
    const later = writer.event({ stream: ticket, type: 'ticket.declined', data: { reason: 'x' } });
    await writer.push([later]);
    await newcomer.pull();
    expect(newcomer.receivedIds()).toEqual([later.id]);
    expect(manifest.checksums[REGION]).toEqual({
      count: events.length,
      hash: checksumOf(events.map(({ id }) => id)),
    });
  });

  it('[SY15] uses its segments again while nothing changed, and cuts anew when something did', async () => {
    const device = await fresh();
    const [first, second] = [await device.manifest(), await device.manifest()];
    expect(second).toEqual(first);
    await device.push([device.event({ stream: newStream() })]);
    const third = await device.manifest();
    expect(third.cursors[REGION]).toBe((first.cursors[REGION] ?? 0) + 1);
    expect((await device.rows(first)).length).toBeGreaterThan(0);
  });

  it('[SY15] begins the manifest with what the home screen needs, and gives it for one scope', async () => {
    const device = await fresh();
    const scopes = ['user/li.wei', REGION];
    await device.push(scopes.map((scope) => device.event({ stream: newStream(), scope })));
    const { cursors, segments } = await device.manifest();
    expect(Object.keys(cursors)).toEqual([REGION, 'user/li.wei', 'org']);
    expect(new Set(segments.map(({ scope }) => scope))).toEqual(new Set([REGION, 'user/li.wei']));
    const one = (scope: string) => device.request('GET', `/v1/bootstrap?scope=${encodeURIComponent(scope)}`);
    expect((await one('user/li.wei')).body).toMatchObject({
      cursors: { 'user/li.wei': cursors['user/li.wei'] },
      segments: segments.filter(({ scope }) => scope === 'user/li.wei'),
    });
    expect([(await one('region/bj')).status, (await one('region/none')).status]).toEqual([404, 404]);
  });

  it('[SY11] sends smaller pages to who asks for them', async () => {
    const device = await fresh();
    await device.push(Array.from({ length: 9 }, () => device.event({ stream: newStream() })));
    const body = { epoch: device.epoch, device: device.login.deviceId, cursors: {}, page: { events: 4 } };
    const answer = await device.request('POST', '/v1/pull', body);
    const lines = (answer.body as string).trim().split('\n');
    expect(lines.filter((line) => line.startsWith('{"k":"event"'))).toHaveLength(4);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ k: 'end', more: true });
  });

  it('[SY15] gives a segment to nobody who may not see its scope', async () => {
    const manifest = await (await fresh()).manifest();
    const stranger = await fresh('zhao.bj');
    const segment = manifest.segments.find(({ scope }) => scope === REGION);
    const answer = await stranger.request('GET', `/v1/segments/${segment?.sha256}`);
    expect(answer.status).toBe(404);
  });

  it('[SY16] folds a late event into its place, as if it had come in order', async () => {
    const [one, two] = [await fresh('li.wei'), await fresh('zhang.min')];
    const stream = newStream();
    const now = Date.now();
    const early = [two.event({ stream }, now - 60_000), two.event({ stream }, now - 30_000)];
    const late = [one.event({ stream }, now - 45_000), one.event({ stream }, now)];
    await one.push(late);
    await two.push(early);
    const row = (await one.rows(await one.manifest())).find(({ key }) => key === stream);
    expect(row).toEqual(foldRow(stream, REGION, [...early, ...late]));
  });

  it('[SY17] pokes a waiting device with nothing but a number', async () => {
    const [listener, writer, stranger] = [await fresh(), await fresh('zhang.min'), await fresh('zhao.bj')];
    const [here, elsewhere] = [await listen(listener), await listen(stranger)];
    expect(await here.next()).toMatch(/^data: \d+$/);
    await elsewhere.next();
    await writer.push([writer.event({ stream: newStream() })]);
    expect(await here.next()).toMatch(/^data: \d+$/);
    await stranger.push([stranger.event({ stream: newStream() })]);
    expect(await elsewhere.next()).toMatch(/^data: \d+$/);
    expect(await here.stop()).toEqual([]);
    expect(await elsewhere.stop()).toEqual([]);
  });
});

function byKeyOrder(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : 1;
}

/** The lines of a stream of pokes, without comments. */
async function listen(device: SyncDevice) {
  const abort = new AbortController();
  const response = await fetch(`${device.url}/v1/poke`, {
    headers: { authorization: `Bearer ${device.login.token}` },
    signal: abort.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<string> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const message = text.slice(0, end);
        text = text.slice(end + 2);
        if (!message.startsWith(':')) return message;
        continue;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('The stream of pokes ended.');
      text += value;
    }
  };
  const stop = async (): Promise<string[]> => {
    const left = text.split('\n\n').filter((message) => message !== '' && !message.startsWith(':'));
    await reader.cancel().catch(() => undefined);
    abort.abort();
    return left;
  };
  return { next, stop };
}
