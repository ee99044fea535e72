import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type RunningServer } from '#server/start.ts';
import type { DomainPort } from '#server/sync/domain.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import { foldEntity } from '#shared/domain/projection.ts';
import { ProblemSchema, type PullLine } from '#shared/sync/protocol.ts';
import { productDomain } from '#server/sync/domain.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { checksumOf, send, SyncDevice } from '#test/support/sync-device.ts';

const REGION = 'region/sz';

/** The product's domain, and one noun more whose state is the list of what happened, in fold order. */
const domain: DomainPort = {
  fault: (event) =>
    event.type === 'probe.noted' && event.data.bad === true ? 'probe.noted: bad' : productDomain.fault(event),
  touches: (event) => [
    ...productDomain.touches(event),
    ...(Array.isArray(event.data.touches) ? (event.data.touches as string[]) : []),
  ],
  evolve: (key, state, event) => {
    if (!key.startsWith('probe/')) return productDomain.evolve(key, state, event);
    if (event.data.explode === true) throw new Error('cannot be folded');
    return { seen: [...((state?.seen as string[] | undefined) ?? []), event.id] };
  },
};

describe.each(['PGlite', 'PostgreSQL'] as const)('The server on %s', (kind) => {
  let postgres: Postgres | undefined;
  let folder: string;
  let server: RunningServer;
  let streams = 0;
  const newStream = (): string => `probe/${kind}-${++streams}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    if (kind === 'PostgreSQL') postgres = await startPostgres();
    server = await startServer({
      data: folder,
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
      demo: true,
      domain,
      logLevel: 'error',
      bootstrap: { rows: 10, staleAfter: 0 },
    });
    await server.addAccount({
      id: 'zhao.bj',
      name: '赵',
      password: 'demo',
      roles: ['engineer'],
      homeRegion: 'bj',
    });
  });
  afterAll(async () => {
    await server?.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const fresh = (user = 'li.wei'): Promise<SyncDevice> => SyncDevice.logIn(server.url, user);

  it('[SY1] tells product, protocol and epoch without a login', async () => {
    const { body } = await send(server.url, 'GET', '/v1/hello');
    expect(body).toEqual({
      product: 'faultline',
      protocol: { min: 1, max: 2 },
      epoch: server.epoch,
      serverTime: expect.stringMatching(/Z$/),
      login: { password: true, oidc: null },
    });
  });

  it('[SY2] answers a push durably, with a verdict for each event', async () => {
    const device = await fresh();
    const stream = newStream();
    const events = [device.event({ stream }), device.event({ stream })];
    expect(await device.push(events)).toEqual({
      epoch: server.epoch,
      serverTime: expect.any(String),
      durable: true,
      verdicts: events.map(({ id }) => ({ id, verdict: 'accepted' })),
    });
  });

  it('[SY3] gives the same verdicts when the same push comes again, and counts nothing twice', async () => {
    const device = await fresh();
    const stream = newStream();
    const good = device.event({ stream });
    const refused = device.event({ stream, data: { bad: true } });
    const broken = { ...device.event({ stream }), prev: 'f'.repeat(64) };
    const first = await device.push([good, refused, broken]);
    expect(first.verdicts.map(({ verdict, code }) => [verdict, code])).toEqual([
      ['accepted', undefined],
      ['refused', 'sync.malformed'],
      ['acceptedWithException', 'sync.chainBroken'],
    ]);
    expect((await device.push([good, refused, broken])).verdicts).toEqual(first.verdicts);
    await device.pull();
    expect(device.receivedIds().filter((id) => [good.id, refused.id, broken.id].includes(id))).toEqual([
      good.id,
      broken.id,
    ]);
  });

  it('[SY3] gives one verdict to a push that is repeated while the first still runs', async () => {
    const device = await fresh();
    const events = Array.from({ length: 50 }, () => device.event({ stream: newStream() }));
    const answers = await Promise.all([1, 2, 3, 4].map(() => device.push(events)));
    for (const { verdicts } of answers)
      expect(verdicts.every(({ verdict }) => verdict === 'accepted')).toBe(true);
    await device.pull();
    const ids = device.receivedIds();
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('[SY4] refuses another event under an id it knows', async () => {
    const device = await fresh();
    const event = device.event({ stream: newStream() });
    const fork = { ...event, data: { other: true } };
    expect((await device.push([event, fork])).verdicts.map(({ code }) => code)).toEqual([
      undefined,
      'sync.forked',
    ]);
    expect((await device.push([fork])).verdicts).toEqual([
      expect.objectContaining({ id: event.id, verdict: 'refused', code: 'sync.forked' }),
    ]);
    expect(await device.entity(event.stream)).toEqual([event]);
  });

  it('[SY5] refuses a forged user, a forged device, a foreign scope and an unknown scope', async () => {
    const device = await fresh();
    const stream = newStream();
    const forged = [
      { ...device.event({ stream }), actor: 'wang.fang' },
      { ...device.event({ stream }), device: 'someone-elses' },
      device.event({ stream, scope: 'region/bj' }),
      device.event({ stream, scope: 'org' }),
      device.event({ stream, scope: 'region/atlantis' }),
    ];
    expect((await device.push(forged)).verdicts.map(({ code }) => code)).toEqual([
      'sync.wrongActor',
      'sync.wrongDevice',
      'sync.noRight',
      'sync.noRight',
      'sync.unknownScope',
    ]);
    expect(await device.entity(stream)).toEqual([]);
  });

  it('[SY5] lets nobody spoil an event by offering it first under a forged name', async () => {
    const [victim, forger] = [await fresh('zhang.min'), await fresh('li.wei')];
    const event = victim.event({ stream: newStream() });
    expect((await forger.push([event])).verdicts[0]?.code).toBe('sync.wrongActor');
    expect((await victim.push([event])).verdicts).toEqual([{ id: event.id, verdict: 'accepted' }]);
  });

  it('[SY5] refuses a push and a pull in the name of another device', async () => {
    const device = await fresh();
    const answer = await device.request('POST', '/v1/push', { epoch: '', device: 'other', events: [] });
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([403, 'auth.wrongDevice']);
  });

  it('[SY6] refuses malformed data of a known type, and keeps an unknown type verbatim', async () => {
    const device = await fresh();
    const opened = device.event({ stream: `ticket/${kind}-m`, type: 'ticket.opened', data: { number: 7 } });
    const later = {
      ...device.event({
        stream: newStream(),
        type: 'probe.invented',
        v: 9,
        data: { 深: ['1.10', 2.5, null] },
      }),
      newerField: { b: 1, a: '😀' },
    };
    expect((await device.push([opened, later])).verdicts.map(({ verdict, code }) => [verdict, code])).toEqual(
      [
        ['refused', 'sync.malformed'],
        ['accepted', undefined],
      ],
    );
    expect(await device.entity(later.stream)).toEqual([later]);
  });

  it('[SY6] gives a malformed envelope its own verdict and does not hold up the rest', async () => {
    const device = await fresh();
    const good = device.event({ stream: newStream() });
    const wrong = [
      { ...device.event({ stream: newStream() }), hlc: 'yesterday, about noon at the latest' },
      { ...device.event({ stream: newStream() }), stream: 'probe/\u0000' },
      { id: device.event({ stream: newStream() }).id, what: 'is this' },
      // The database itself cannot hold this key: found at its savepoint.
      device.event({ stream: newStream(), data: { touches: ['probe/\u0000'] } }),
    ];
    const { verdicts } = await device.push([...wrong, good]);
    expect(verdicts.map(({ code }) => code)).toEqual([...wrong.map(() => 'sync.malformed'), undefined]);
    expect(await device.entity(good.stream)).toEqual([good]);
  });

  it('[SY7] keeps an event that breaks its hash chain, with an exception', async () => {
    const device = await fresh();
    const stream = newStream();
    const [first, missing, third] = [1, 2, 3].map(() => device.event({ stream }));
    void missing;
    expect((await device.push([first])).verdicts[0]?.verdict).toBe('accepted');
    expect((await device.push([third])).verdicts[0]).toMatchObject({
      verdict: 'acceptedWithException',
      code: 'sync.chainBroken',
    });
  });

  it('[SY7] counts a refused event as a link of the chain', async () => {
    const device = await fresh();
    const stream = newStream();
    const events = [
      device.event({ stream }),
      device.event({ stream, data: { bad: true } }),
      device.event({ stream }),
    ];
    expect((await device.push(events)).verdicts.map(({ verdict }) => verdict)).toEqual([
      'accepted',
      'refused',
      'accepted',
    ]);
  });

  it('[SY8] keeps an event that cannot be folded, with an exception', async () => {
    const device = await fresh();
    const event = device.event({ stream: newStream(), data: { explode: true } });
    expect((await device.push([event])).verdicts[0]).toMatchObject({
      verdict: 'acceptedWithException',
      code: 'sync.notFolded',
    });
    expect(await device.entity(event.stream)).toEqual([event]);
  });

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

  it('[SY66] judges nothing of a laptop of protocol 2 that knows another epoch, and tells it the new one', async () => {
    const device = await fresh();
    device.epoch = 'an-older-one';
    const event = device.event({ stream: newStream() });
    const answer = await device.offer([event], {}, { 'faultline-protocol': '2' });
    expect([answer.status, answer.body]).toMatchObject([
      409,
      { code: 'sync.otherEpoch', epoch: server.epoch },
    ]);
    expect(await device.entity(event.stream)).toEqual([]);
  });

  it('[SY12] takes the push of a laptop of another epoch and tells it the new one', async () => {
    const device = await fresh();
    device.epoch = 'an-older-one';
    const answer = await device.push([device.event({ stream: newStream() })]);
    expect([answer.epoch, answer.verdicts[0]?.verdict]).toEqual([server.epoch, 'accepted']);
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
      events.flatMap((event) => domain.touches(event).map((key) => ({ key, event }))),
      ({ key }) => key,
    );
    const expected = [...byKey].map(([key, touched]) =>
      fold(
        key,
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

  it('[SY67] answers every refusal with a problem document, also of what is no request', async () => {
    const device = await fresh();
    const asked = [
      await send(server.url, 'GET', '/v1/nothing'),
      await send(server.url, 'POST', '/v1/pull', {}),
      await device.request('POST', '/v1/pull', { epoch: 7 }),
      await device.request('POST', '/v1/push', { padding: 'x'.repeat(2_000_000) }),
      await device.request('POST', '/v1/push', new Uint8Array(10)),
      await send(server.url, 'GET', '/v1/%E0%A4%A'),
    ];
    const told = asked.map(({ status, body, headers }) => {
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
      const problem = ProblemSchema.parse(body);
      expect(problem).toMatchObject({ type: `https://faultline.example/problems/${problem.code}`, status });
      return [status, problem.code];
    });
    expect(told).toEqual([
      [404, 'http.notFound'],
      [401, 'auth.invalid'],
      [400, 'http.malformed'],
      [413, 'http.tooLarge'],
      [415, 'http.mediaType'],
      [400, 'http.malformed'],
    ]);
    expect(await speak(new URL(server.url).port, 'this is no request\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 .*application\/problem\+json.*"code":"http.malformed"/s,
    );
    const headers = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`;
    expect(await speak(new URL(server.url).port, headers)).toMatch(/^HTTP\/1.1 431 .*"code":"http.headers"/s);
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
    expect(row).toEqual(fold(stream, [...early, ...late]));
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

  it('[SY18] keeps a laptop of another version from pulling, never from pushing', async () => {
    const device = await fresh();
    const headers = { 'faultline-protocol': '99' };
    const body = { epoch: server.epoch, device: device.login.deviceId };
    const pulled = await device.request('POST', '/v1/pull', { ...body, cursors: {} }, headers);
    const pushed = await device.request(
      'POST',
      '/v1/push',
      { ...body, events: [device.event({ stream: newStream() })] },
      headers,
    );
    expect([pulled.status, pushed.status]).toEqual([426, 200]);
  });
});

function fold(key: string, events: readonly DomainEvent[]) {
  const sorted = events.toSorted(compareEvents);
  let state: ReturnType<DomainPort['evolve']> | undefined;
  for (const event of sorted) {
    // As the server: what cannot be folded is passed over.
    if (event.data.explode !== true) state = domain.evolve(key, state, event);
  }
  const last = sorted.at(-1)!;
  // As on the wire: what is undefined is absent.
  return { key, scope: REGION, hlc: last.hlc, id: last.id, state: JSON.parse(JSON.stringify(state ?? {})) };
}

function byKeyOrder(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : 1;
}

/** Sends bytes, and returns what is answered until the end. */
function speak(port: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('end', () => resolve(answer)).once('error', reject);
  });
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
