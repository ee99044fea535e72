import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackedServer, changesBetween, DATABASES } from '#test/support/attack/attacked-server.ts';
import { undocumented } from '#test/support/attack/documented-problems.ts';
import { rawRequest, talk, type RawAnswer, type RawRequest } from '#test/support/attack/raw-request.ts';
import { newUser, PASSWORD } from '#test/support/attack/victim.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe.each(DATABASES)('What no laptop would send to the server on %s', (kind) => {
  let server: AttackedServer;
  let device: SyncDevice;

  beforeAll(async () => {
    server = await AttackedServer.start(kind);
    device = await newUser(server, { tenant: 'acme', id: 'insider', roles: ['engineer'], homeRegion: 'sz' });
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  const send = (request: RawRequest): Promise<RawAnswer> =>
    rawRequest(server.url, {
      ...request,
      headers: { authorization: `Bearer ${device.login.token}`, ...request.headers },
    });
  const isRefused = (answer: RawAnswer, what: string): void => {
    expect([what, answer.status >= 400 && answer.status < 500]).toEqual([what, true]);
    expect([what, undocumented(answer.status, answer.type, answer.text)]).toEqual([what, undefined]);
  };
  const envelope = (events: string): string =>
    `{"epoch":"${device.epoch}","device":"${device.login.deviceId}","events":${events}}`;
  const text = (what: object): string => JSON.stringify({ ...device.event({ stream: 'probe/x' }), ...what });
  const good = async (): Promise<void> => {
    const event = device.event({ stream: `probe/${randomBytes(4).toString('hex')}` });
    expect((await device.push([event])).verdicts).toEqual([{ id: event.id, verdict: 'accepted' }]);
  };

  it('[AT5] refuses every odd body, on every route that reads one, and changes nothing', async () => {
    await good();
    const before = await server.snapshot();
    const bomb = Buffer.alloc(8 * 1024 * 1024, 0x20);
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const push = envelope(`[${text({})}]`);
    const bodies: [string, string | Uint8Array, Record<string, string>?, boolean?][] = [
      ['too large', 'x'.repeat(1_200_000)],
      ['too large, without a length', 'x'.repeat(1_200_000), {}, true],
      ['empty', ''],
      ['cut short', push.slice(0, -5)],
      ['two documents', `${push}${push}`],
      ['nested', nested],
      ['nested in an object', `{"a":`.repeat(50_000)],
      ['with __proto__', push.replace('{', '{"__proto__":{"admin":true},')],
      ['with __proto__ spelled out', push.replace('{', '{"\\u005f_proto__":{"admin":true},')],
      ['with a constructor', push.replace('{', '{"constructor":{"prototype":{"admin":true}},')],
      ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ['UTF-16', Buffer.from(push, 'utf16le')],
      ['with NUL', '{"epoch":"\u0000"}'],
      ['a number', '1e999999'],
      ['not JSON', 'NaN'],
      ['201 events', envelope(`[${Array.from({ length: 201 }, () => '{}').join()}]`)],
      ['10,000 events', envelope(`[${Array.from({ length: 10_000 }, () => '1').join()}]`)],
      ['text', push, { 'content-type': 'text/plain' }],
      ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
      [
        'XML',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        { 'content-type': 'application/xml' },
      ],
      ['no type', push, { 'content-type': '' }],
      ['a type with a break', push, { 'content-type': 'application/json; charset="\t"; x=y' }],
      ['gzip', gzipSync(push), { 'content-encoding': 'gzip' }],
      ['a gzip bomb', gzipSync(bomb), { 'content-encoding': 'gzip' }],
      ['a zstd bomb', zstdCompressSync(bomb), { 'content-encoding': 'zstd' }],
      ['twice packed', gzipSync(gzipSync(bomb)), { 'content-encoding': 'gzip, gzip' }],
    ];
    const paths = [
      '/v1/push',
      '/v1/carried',
      '/v1/pull',
      '/v1/devices/renew',
      '/v1/login',
      '/v1/refresh',
      '/v1/admin/users',
    ];
    for (const path of paths) {
      for (const [what, body, headers = {}, chunked = false] of bodies) {
        // What is read as JSON all the same is what it is: one good push.
        if (path === '/v1/push' && /constructor|break/.test(what)) continue;
        const answer = await send({
          method: 'POST',
          path,
          body,
          chunked,
          headers: { ...JSON_TYPE, ...headers },
        });
        isRefused(answer, `${path} ${what}`);
      }
    }
    expect(changesBetween(before, await server.snapshot(), ['login_failures'])).toEqual([]);
    await good();
  }, 60_000);

  it('[AT5] gives odd events in a good push one verdict each', async () => {
    const line = (what: object): string => text(what);
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const first = device.event({ stream: 'probe/x' });
    const events = [
      line({ data: 'HERE' }).replace('"HERE"', deep),
      line({ data: { n: 'HERE' } }).replace('"HERE"', '1e400'),
      line({ data: { n: 'HERE' } }).replace('"HERE"', `-${'9'.repeat(400)}`),
      `${line({}).slice(0, -1)},"v":2,"actor":"boss"}`,
      line({ v: 1e300 }),
      line({ type: 'toString' }),
      line({ type: 'constructor' }),
      line({ type: '__proto__.x' }),
      line({ stream: 'constructor/prototype' }),
      line({ stream: `probe/'; DROP TABLE users; --`.replaceAll(' ', '') }),
      line({ stream: 'ticket/%' }),
      line({ stream: 'ticket/../../etc/passwd' }),
      line({ stream: 'probe/\u202Ecod.exe' }),
      line({ scope: 'region/%' }),
      line({ scope: 'user/boss' }),
      line({ actor: 'boss' }),
      line({ device: 'another' }),
      line({ prev: 'f'.repeat(64) }),
      JSON.stringify(first),
      JSON.stringify({ ...first, data: { other: true } }),
      JSON.stringify(first),
    ];
    const answer = await send({
      method: 'POST',
      path: '/v1/push',
      body: envelope(`[${events.join()}]`),
      headers: JSON_TYPE,
    });
    expect(answer.status).toBe(200);
    const { verdicts } = JSON.parse(answer.text) as { verdicts: { verdict: string; code?: string }[] };
    expect(verdicts).toHaveLength(events.length);
    const codes = verdicts.map(({ verdict, code }) => code ?? verdict);
    expect(codes.slice(13, 17)).toEqual([
      'sync.unknownScope',
      'sync.unknownScope',
      'sync.wrongActor',
      'sync.wrongDevice',
    ]);
    expect(codes[0]).toBe('sync.malformed');
    // The last word of a doubled key counts: it is another's name.
    expect(codes[3]).toBe('sync.wrongActor');
    expect(codes.slice(-2)).toEqual(['sync.forked', codes.at(-3)]);
    // The same once more, and turned around.
    const again = await send({
      method: 'POST',
      path: '/v1/push',
      body: envelope(`[${events.toReversed().join()}]`),
      headers: JSON_TYPE,
    });
    const reversed = (JSON.parse(again.text) as { verdicts: { id: string }[] }).verdicts.toReversed();
    const forked = verdicts.length - 2;
    expect(reversed.filter((_, place) => place < forked)).toEqual(verdicts.slice(0, forked));
    expect(await server.rows('SELECT 1 FROM users')).not.toHaveLength(0);
  });

  it('[AT5] takes cursors for what they are', async () => {
    const pull = (cursors: string, epoch = device.epoch): Promise<RawAnswer> =>
      send({
        method: 'POST',
        path: '/v1/pull',
        headers: JSON_TYPE,
        body: `{"epoch":"${epoch}","device":"${device.login.deviceId}","cursors":${cursors}}`,
      });
    for (const cursor of ['-1', '0.5', '1e400', '"0"', 'null', '9007199254740993'])
      isRefused(await pull(`{"region/sz":${cursor}}`), cursor);
    for (const cursors of [
      '{"region/sz":9007199254740991}',
      `{"' OR 1=1 --":1}`,
      '{"region/%":0,"%":0,"region/_z":0}',
    ]) {
      const { status, text: lines } = await pull(cursors);
      expect(status).toBe(200);
      const [head] = lines.split('\n');
      expect(JSON.parse(head ?? '')).toMatchObject({ scopes: ['org', 'region/sz', 'user/insider'] });
    }
    const many = `{${Array.from({ length: 20_000 }, (_, n) => `"region/${n}":0`).join()}}`;
    expect((await pull(many)).status).toBe(200);
    expect((await pull('{"region/sz":5}', 'other')).text).toContain('"k":"event"');
  });

  it('[AT6] reads what stands on a connection as the requests that they are', async () => {
    const host = new URL(server.url).host;
    const auth = `Authorization: Bearer ${device.login.token}`;
    const hidden = `GET /v1/admin/users HTTP/1.1\r\nHost: x\r\n${auth}\r\n\r\n`;
    const ended = (answer: string): boolean => /\r\n\r\n/.test(answer);
    const refused: [string, string][] = [
      [
        'length and chunks',
        `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
      ],
      [
        'chunks twice',
        `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
      ],
      [
        'odd chunks',
        `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      ],
      [
        'two lengths',
        `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}xxx`,
      ],
      ['a signed length', `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nContent-Length: +5\r\n\r\n{}xxx`],
      ['a bad chunk', `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
      ['space before the colon', `GET /v1/hello HTTP/1.1\r\nHost : ${host}\r\n\r\n`],
      ['a folded header', `GET /v1/hello HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n b\r\n\r\n`],
      ['a bare line feed in a header', `GET /v1/hello HTTP/1.1\r\nHost: ${host}\r\nX: a\nEvil: b\r\n\r\n`],
      ['NUL in a header', `GET /v1/hello HTTP/1.1\r\nHost: ${host}\r\nX: a\u0000b\r\n\r\n`],
      ['no host', `GET /v1/hello HTTP/1.1\r\n\r\n`],
      ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['HTTP/9', `GET /v1/hello HTTP/9.9\r\nHost: ${host}\r\n\r\n`],
      ['no such method', `BREW /v1/push HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['TRACE', `TRACE /v1/hello HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\n\r\n`],
      [
        'another expectation',
        `POST /v1/push HTTP/1.1\r\nHost: ${host}\r\nExpect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}`,
      ],
      ['an asterisk', `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['a path out of the root', `GET /../../etc/passwd HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['a broken escape', `GET /v1/blobs/%zz HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
      ['too many headers', `GET /v1/hello HTTP/1.1\r\nHost: ${host}\r\n${'X-Much: y\r\n'.repeat(3_000)}\r\n`],
      ['random bytes', randomBytes(500).toString('latin1')],
    ];
    for (const [what, bytes] of refused) {
      const answer = await talk(server.url, Buffer.from(bytes, 'latin1'), ended);
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
      const type = /content-type: ([^\r]*)/i.exec(head)?.[1] ?? '';
      expect([what, status >= 400 && status < 500]).toEqual([what, true]);
      const text = body.startsWith('{') ? body : body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1);
      expect([what, undocumented(status, type, text)]).toEqual([what, undefined]);
      expect(answer).not.toContain('"users"');
    }
    // The form that proxies get (RFC 9112, 3.2.2) is read for its path; where else it points to does not matter.
    const absolute = `GET http://elsewhere.example/v1/bootstrap HTTP/1.1\r\nHost: ${host}\r\n${auth}\r\n\r\n`;
    const served = await talk(server.url, absolute, ended);
    expect(served).toMatch(/^HTTP\/1\.1 200/);
    expect(served).not.toContain('elsewhere');
    // Nothing is tunnelled and nothing is switched to.
    const tunnel = await talk(server.url, `CONNECT 127.0.0.1:5432 HTTP/1.1\r\nHost: x\r\n\r\n`, ended);
    expect(tunnel).not.toMatch(/^HTTP\/1\.1 2/);
    const upgrade = await talk(
      server.url,
      `GET /v1/hello HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      ended,
    );
    expect(upgrade).not.toMatch(/^HTTP\/1\.1 101/);
  }, 60_000);

  it('[AT6] answers requests on one connection in their order, each with its own login', async () => {
    const one = (path: string, more = ''): string =>
      `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n${more}\r\n`;
    const auth = `Authorization: Bearer ${device.login.token}\r\n`;
    const pipeline =
      one('/v1/bootstrap', auth) +
      one('/v1/bootstrap') +
      one('/v1/bootstrap', auth) +
      one('/v1/hello', 'Connection: close\r\n');
    const answer = await talk(server.url, pipeline);
    expect([...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual([
      '200',
      '401',
      '200',
      '200',
    ]);
    // No answer is made of what the Host header says.
    expect(answer).not.toContain('evil.example');
    const begun = await send({
      method: 'POST',
      path: '/v1/uploads',
      headers: {
        host: 'evil.example',
        'x-forwarded-proto': 'https',
        'tus-resumable': '1.0.0',
        'upload-length': '5',
        'upload-metadata': `sha256 ${Buffer.from('a'.repeat(64)).toString('base64')},x ${Buffer.from('\r\nSet-Cookie: a=b').toString('base64')}`,
      },
    });
    expect(begun.status).toBe(201);
    expect(begun.headers['location']).toMatch(/^\/v1\/uploads\/[A-Za-z0-9_-]{32}$/);
    expect(JSON.stringify(begun.headers)).not.toMatch(/evil|cookie/i);
  });

  it('[AT7] writes one line of JSON for each record, and nothing of what was sent', async () => {
    server.log.length = 0;
    const evil = 'EVIL\n{"level":60,"msg":"forged"}\u001B[2J';
    const login = {
      tenant: 'acme',
      user: evil,
      password: `${evil}-password`,
      device: { name: evil, platform: evil },
    };
    await send({ method: 'POST', path: '/v1/login', headers: JSON_TYPE, body: JSON.stringify(login) });
    const right = { ...login, user: 'insider', password: PASSWORD };
    await send({ method: 'POST', path: '/v1/login', headers: JSON_TYPE, body: JSON.stringify(right) });
    await send({ method: 'GET', path: `/v1/entities/${encodeURIComponent(evil)}` });
    await send({
      method: 'GET',
      path: `/v1/EVIL?token=${device.login.token}`,
      headers: { 'x-request-id': 'EVIL', 'user-agent': 'EVIL', 'x-forwarded-for': 'EVIL' },
    });
    await send({ method: 'POST', path: '/v1/push', headers: JSON_TYPE, body: '{"EVIL' });
    await device.push([device.event({ stream: 'probe/log', data: { evil } })]);
    await send({ method: 'GET', path: '/v1/first-admin/EVIL-secret' });
    await talk(server.url, 'EVIL\r\n\r\n', (answer) => answer.includes('}'));
    const lines = server.log.join('').split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number });
    // eslint-disable-next-line no-control-regex -- what no terminal should be shown
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f]/);
    for (const secret of [
      'EVIL',
      'forged',
      PASSWORD,
      'insider',
      '127.0.0.1',
      device.login.token,
      device.login.deviceId,
    ])
      expect([secret, lines.some((line) => line.includes(secret))]).toEqual([secret, false]);
  });

  it('[AT9] serves others while many connections say nothing, or say it slowly', async () => {
    const { hostname, port } = new URL(server.url);
    const head = `POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15000\r\n\r\n`;
    const sockets = await Promise.all(
      Array.from(
        { length: 200 },
        (_, n) =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(Number(port), hostname, () => {
              socket.write(n % 2 === 0 ? head.slice(0, 20 + (n % 60)) : `${head}{`);
              resolve(socket);
            });
            socket.on('error', () => undefined);
          }),
      ),
    );
    try {
      const started = performance.now();
      await good();
      expect(performance.now() - started).toBeLessThan(5_000);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});
