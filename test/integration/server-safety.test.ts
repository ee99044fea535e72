import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest, talk } from '#test/support/attack/raw-request.ts';
import { codeOf } from '#test/support/login-device.ts';
import { send, SyncDevice, type Answer } from '#test/support/sync-device.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';
import { sha256 } from '#test/support/sha256.ts';

describe.each(DATABASES)('The server on %s, attacked', (kind) => {
  let server: TestServer;
  let clock = Date.now();

  beforeAll(async () => {
    server = await TestServer.start(kind, {
      demo: true,
      now: () => clock,
      tokenTtlMs: 60_000,
      maxBlobBytes: 1024 * 1024,
    });
  });
  afterAll(() => server?.close());

  const fresh = (user = 'li.wei'): Promise<SyncDevice> => SyncDevice.logIn(server.url, user);
  const logIn = (user: string, password: string): Promise<Answer> =>
    send(server.url, 'POST', '/v1/login', { user, password, device: { name: 'x', platform: 'x' } });

  it('[SY20] answers a wrong password and an unknown user alike', async () => {
    const [wrong, unknown] = [await logIn('zhang.min', 'guess'), await logIn('nobody', 'guess')];
    expect(codeOf(wrong)).toEqual([401, 'auth.wrongPassword']);
    expect(unknown.body).toEqual(wrong.body);
  });

  it('[SY21] throttles guessing, also side by side, and lets the user in again later', async () => {
    await server.addAccount({
      id: 'guessed',
      name: 'G',
      password: 'right',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    const answers = await Promise.all(Array.from({ length: 12 }, () => logIn('guessed', 'guess')));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    const throttled = answers.filter(({ status }) => status === 429);
    expect(throttled).toHaveLength(7);
    expect(Number(throttled[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(codeOf(await logIn('guessed', 'right'))).toEqual([429, 'auth.throttled']);
    clock += 16 * 60_000;
    expect((await logIn('guessed', 'right')).status).toBe(200);
  });

  it('[SY22] tells an expired login from an unknown one', async () => {
    const device = await fresh();
    expect((await device.request('GET', '/v1/bootstrap')).status).toBe(200);
    clock += 61_000;
    expect(codeOf(await device.request('GET', '/v1/bootstrap'))).toEqual([401, 'auth.expired']);
    const forged = await send(server.url, 'GET', '/v1/bootstrap', undefined, {
      authorization: `Bearer ${randomBytes(32).toString('base64url')}`,
    });
    expect(codeOf(forged)).toEqual([401, 'auth.invalid']);
    expect(codeOf(await send(server.url, 'GET', '/v1/bootstrap'))).toEqual([401, 'auth.invalid']);
  });

  it.runIf(kind === 'PostgreSQL')('[SY22] stores neither token nor password', async () => {
    const device = await fresh();
    await server.withDatabase(async (database) => {
      const tables = ['users', 'sessions', 'devices', 'server_facts'];
      const rows = await database.query<{ row: string }>(
        tables.map((table) => `SELECT to_json(t)::text AS row FROM ${table} t`).join(' UNION ALL '),
      );
      const everything = rows.map(({ row }) => row).join('\n');
      expect(everything).toContain(device.login.deviceId);
      expect(everything).toContain('$argon2id$');
      expect(everything).not.toContain(device.login.token);
      expect(everything).not.toContain('"demo"');
    });
  });

  it('[SY22] wants a login on every route but hello and login', async () => {
    const hash = 'a'.repeat(64);
    const routes = [
      ['POST', '/v1/push'],
      ['POST', '/v1/pull'],
      ['GET', '/v1/bootstrap'],
      ['GET', `/v1/segments/${hash}`],
      ['GET', '/v1/entities/ticket%2F1'],
      ['GET', `/v1/blobs/${hash}`],
      ['GET', '/v1/poke'],
    ];
    for (const [method = '', path = ''] of routes) {
      const answer = await send(server.url, method, path, method === 'POST' ? {} : undefined);
      expect([path, ...codeOf(answer)]).toEqual([path, 401, 'auth.invalid']);
    }
    const put = await send(server.url, 'PUT', `/v1/blobs/${hash}`, Buffer.from('x'));
    expect(put.status).toBe(401);
  });

  it('[SY23] knows a device again, and gives a stranger with its id an id of his own', async () => {
    const first = await fresh('li.wei');
    const { deviceId: id, deviceCode: code } = first.login;
    const again = await SyncDevice.logIn(server.url, 'li.wei', 'demo', { id });
    expect([again.login.deviceId, again.login.deviceCode]).toEqual([id, code]);
    const other = await SyncDevice.logIn(server.url, 'zhang.min', 'demo', { id });
    expect(other.login.deviceId).not.toBe(id);
    expect(other.login.deviceCode).not.toBe(code);
    expect(code).toMatch(/^SZ\d\d$/);
  });

  it('[SY23] takes over a device that a restored server has forgotten, with its code if that is free', async () => {
    const lost = { id: `device-${kind}-lost`, code: 'SZ77' };
    const { login } = await SyncDevice.logIn(server.url, 'li.wei', 'demo', lost);
    expect([login.deviceId, login.deviceCode]).toEqual([lost.id, 'SZ77']);
    const second = await SyncDevice.logIn(server.url, 'li.wei', 'demo', { ...lost, id: `${lost.id}-2` });
    expect(second.login.deviceCode).not.toBe('SZ77');
  });

  it('[SY24] takes an attachment in, once and for all, and gives it back', async () => {
    const device = await fresh();
    const bytes = randomBytes(300_000);
    const path = `/v1/blobs/${sha256(bytes)}`;
    expect((await device.request('HEAD', path)).status).toBe(404);
    const receipt = { sha256: sha256(bytes), size: bytes.length, durable: true };
    expect((await device.request('PUT', path, bytes)).body).toEqual(receipt);
    expect((await device.request('PUT', path, bytes)).body).toEqual(receipt);
    const head = await device.request('HEAD', path);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '300000']);
    expect(Buffer.compare((await device.request('GET', path)).body as Buffer, bytes)).toBe(0);
  });

  it('[SY25] refuses an attachment whose hash is wrong or that is too large, and leaves nothing behind', async () => {
    const device = await fresh();
    const path = `/v1/blobs/${sha256(Buffer.from('announced'))}`;
    expect(codeOf(await device.request('PUT', path, Buffer.from('delivered')))).toEqual([
      422,
      'blob.wrongHash',
    ]);
    expect((await device.request('GET', path)).status).toBe(404);
    const large = Buffer.alloc(1024 * 1024 + 1);
    expect((await device.request('PUT', `/v1/blobs/${sha256(large)}`, large)).status).toBe(413);
    // Without a length announced, the bytes themselves are counted.
    const chunked = await rawRequest(server.url, {
      method: 'PUT',
      path: `/v1/blobs/${sha256(large)}`,
      headers: {
        authorization: `Bearer ${device.login.token}`,
        'content-type': 'application/octet-stream',
      },
      body: large,
      chunked: true,
    });
    expect(chunked.status).toBe(413);
    expect(await readdir(join(server.folder, 'blobs', 'incoming'))).toEqual([]);
  });

  it('[SY25] lets no name lead out of its folder', async () => {
    const device = await fresh();
    await writeFile(join(server.folder, 'secret'), 'secret');
    for (const name of [
      '..%2F..%2Fsecret',
      '%2e%2e%2fsecret',
      'A'.repeat(64),
      `${'a'.repeat(62)}%2F.`,
      'x',
    ]) {
      for (const method of ['GET', 'PUT']) {
        const body = method === 'PUT' ? Buffer.from('x') : undefined;
        const answer = await device.request(method, `/v1/blobs/${name}`, body);
        expect([name, answer.status]).toEqual([name, 400]);
      }
      expect((await device.request('GET', `/v1/segments/${name}`)).status).toBe(404);
    }
    expect(await readFile(join(server.folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('[SY26] refuses bodies, headers and pushes that are too large', async () => {
    const device = await fresh();
    const envelope = { epoch: '', device: device.login.deviceId };
    const huge = await device.request('POST', '/v1/push', { ...envelope, events: ['x'.repeat(1_200_000)] });
    expect(codeOf(huge)).toEqual([413, 'http.tooLarge']);
    const many = await device.request('POST', '/v1/push', {
      ...envelope,
      events: Array.from({ length: 201 }, () => ({})),
    });
    expect(codeOf(many)).toEqual([400, 'http.malformed']);
    const header = await device.request('GET', '/v1/hello', undefined, { 'x-large': 'x'.repeat(20_000) });
    expect(header.status).toBe(431);
    const form = await send(server.url, 'POST', '/v1/login', { user: 'x'.repeat(20_000) });
    expect(codeOf(form)).toEqual([413, 'http.tooLarge']);
  });

  it('[SY26] answers nonsense with a clear refusal and stays up', async () => {
    const device = await fresh();
    const authorization = `Bearer ${device.login.token}`;
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const body of ['', '{', 'null', '[]', '{"events":5}', '\u0000']) {
      const response = await fetch(`${server.url}/v1/push`, {
        method: 'POST',
        body,
        headers: { authorization, 'content-type': 'application/json' },
      });
      expect([body, response.status]).toEqual([body, 400]);
    }
    const event = JSON.stringify(device.event({ stream: 'probe/deep', data: { deep: 'HERE' } }));
    const response = await fetch(`${server.url}/v1/push`, {
      method: 'POST',
      body: `{"epoch":"","device":"${device.login.deviceId}","events":[${event.replace('"HERE"', deep)}]}`,
      headers: { authorization, 'content-type': 'application/json' },
    });
    expect(await response.json()).toMatchObject({
      verdicts: [{ verdict: 'refused', code: 'sync.malformed' }],
    });
    expect(await talk(server.url, 'GET /v1/hello HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n')).toMatch(
      / 400 /,
    );
    expect((await send(server.url, 'GET', '/v1/hello')).status).toBe(200);
  });

  it('[SY26] sends headers that keep a browser from doing anything with an answer', async () => {
    const { headers } = await send(server.url, 'GET', '/v1/nothing');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('[SY11] compresses a page when the client can read that', async () => {
    const device = await fresh();
    const text = 'again and again '.repeat(500);
    await device.push([device.event({ stream: 'probe/long', data: { text } })]);
    const raw = await rawRequest(server.url, {
      method: 'POST',
      path: '/v1/pull',
      headers: {
        authorization: `Bearer ${device.login.token}`,
        'content-type': 'application/json',
        'accept-encoding': 'gzip',
      },
      body: JSON.stringify({ epoch: device.epoch, device: device.login.deviceId, cursors: {} }),
    });
    expect(raw.headers['content-encoding']).toBe('gzip');
    expect(raw.bytes.length).toBeLessThan(text.length / 2);
    expect(raw.text).toContain(text);
  });

  it.runIf(kind === 'PostgreSQL')(
    '[SY27] says "not durable" when PostgreSQL runs without fsync',
    async () => {
      const device = await fresh();
      expect((await device.push([device.event({ stream: 'probe/durable' })])).durable).toBe(false);
      expect(server.durable).toBe(false);
    },
  );
});
