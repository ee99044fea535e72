import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProblemSchema } from '#shared/sync/protocol.ts';
import { talk } from '#test/support/attack/raw-request.ts';
import { newStream, startProbeServer } from '#test/support/probe-domain.ts';
import { send, SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, type TestServer } from '#test/support/test-server.ts';

describe.each(DATABASES)('Pushing to the server on %s', (kind) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startProbeServer(kind);
  });
  afterAll(() => server?.close());

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
    expect(await talk(server.url, 'this is no request\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 .*application\/problem\+json.*"code":"http.malformed"/s,
    );
    const headers = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`;
    expect(await talk(server.url, headers)).toMatch(/^HTTP\/1.1 431 .*"code":"http.headers"/s);
  });
});
