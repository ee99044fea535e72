import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startServer, type RunningServer } from '#server/start.ts';
import { OperatedServers } from '#test/support/operated-servers.ts';
import { startPostgres } from '#test/support/postgres.ts';
import { runServerCommand, startServerProcess } from '#test/support/server-process.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { sha256 } from '#test/support/sha256.ts';

const run = promisify(execFile);
/** Processes are started, certificates made, databases created: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

let servers: OperatedServers;
beforeEach(async () => {
  servers = await OperatedServers.make();
});
afterEach(() => servers.remove());

describe('How the server is reached', () => {
  const makeCertificate = async (name: string): Promise<{ tlsCert: string; tlsKey: string }> => {
    const [tlsCert, tlsKey] = [join(servers.folder, 'cert.pem'), join(servers.folder, 'key.pem')];
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    await run('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', tlsKey, '-out', tlsCert]);
    return { tlsCert, tlsKey };
  };
  const certificateOf = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once('error', reject);
    });

  it('[SY75] never lets passwords cross a network in the clear unless a proxy is said to be in front', async () => {
    const data = join(tmpdir(), 'faultline-never-made');
    await expect(startServer({ data, host: '0.0.0.0' })).rejects.toThrow(/--tls-cert/);
    await expect(startServer({ data, tlsCert: 'only-one.pem' })).rejects.toThrow(/both/);
    await expect(stat(data)).rejects.toThrow('ENOENT');
    const server = await servers.start({ demo: false, host: '0.0.0.0', behindProxy: true });
    expect((await fetch(`http://127.0.0.1:${new URL(server.url).port}/healthz`)).status).toBe(200);
  });

  it('[SY75] speaks TLS, and takes a renewed certificate into use without a restart', async () => {
    const pair = await makeCertificate('first');
    const server = await servers.start(pair);
    expect(server.url).toMatch(/^https:/);
    expect(await certificateOf(server.url)).toBe('first');
    await makeCertificate('second');
    await server.reloadTls();
    expect(await certificateOf(server.url)).toBe('second');
    await writeFile(pair.tlsKey, 'damaged');
    await expect(server.reloadTls()).rejects.toThrow(RangeError);
    expect(await certificateOf(server.url)).toBe('second');
    const { tlsKey } = await makeCertificate('third');
    const other = await readFile(tlsKey);
    await makeCertificate('fourth');
    await writeFile(tlsKey, other);
    await expect(server.reloadTls()).rejects.toThrow(/does not belong/);
    await servers.stop(server);
    await expect(servers.start({ ...pair, tlsCert: join(servers.folder, 'missing.pem') })).rejects.toThrow(
      /cannot be read/,
    );
  });

  it.runIf(process.platform !== 'win32')(
    '[SY75] notices a renewed certificate by itself, and at once on SIGHUP',
    async () => {
      const { tlsCert, tlsKey } = await makeCertificate('first');
      const flags = [
        '--port',
        '0',
        '--data',
        join(servers.folder, 'data'),
        '--tls-cert',
        tlsCert,
        '--tls-key',
        tlsKey,
      ];
      const server = await startServerProcess(flags);
      try {
        expect(await certificateOf(server.url)).toBe('first');
        await makeCertificate('second');
        server.child.kill('SIGHUP');
        await expect.poll(() => certificateOf(server.url), { timeout: 20_000 }).toBe('second');
        await makeCertificate('third');
        await expect.poll(() => certificateOf(server.url), { timeout: 30_000 }).toBe('third');
      } finally {
        await server.kill('SIGTERM');
      }
    },
    90_000,
  );

  it('[SY75] believes the address that a proxy tells only from a trusted proxy', async () => {
    const guess = async (server: RunningServer, from: string): Promise<number> => {
      const response = await fetch(`${server.url}/v1/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
        body: JSON.stringify({ user: 'li.wei', password: 'guess', device: { name: 'x', platform: 'x' } }),
      });
      return response.status;
    };
    const guessFive = async (server: RunningServer): Promise<void> => {
      for (let n = 0; n < 6; n++) await guess(server, '10.0.0.1');
    };
    const trusting = await servers.start({ trustedProxies: ['127.0.0.0/8'] });
    await guessFive(trusting);
    expect(await guess(trusting, '10.0.0.1')).toBe(429);
    const elsewhere = await SyncDevice.logIn(trusting.url, 'wang.fang');
    expect(elsewhere.login.userId).toBe('wang.fang');
  });

  it('[SY76] finishes what runs when it stops, ends pokes, and takes nothing new', async () => {
    const server = await servers.start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const authorization = `Bearer ${device.login.token}`;
    const poke = await fetch(`${server.url}/v1/poke`, { headers: { authorization } });
    const bytes = randomBytes(200_000);
    // A request that is half sent when the server is told to stop.
    const upload = httpRequest(`${server.url}/v1/blobs/${sha256(bytes)}`, {
      method: 'PUT',
      headers: { authorization, 'content-length': bytes.length, 'content-type': 'application/octet-stream' },
    });
    const answered = new Promise<number>((resolve, reject) => {
      upload.once('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      upload.once('error', reject);
    });
    upload.write(bytes.subarray(0, 100_000));
    await expect
      .poll(async () => (await readdir(join(servers.folder, 'data/blobs/incoming')).catch(() => [])).length)
      .toBe(1);
    const stopped = servers.stop(server);
    expect(await poke.text()).toMatch(/^data: 0\n\n/);
    upload.end(bytes.subarray(100_000));
    expect(await answered).toBe(200);
    await stopped;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});

describe('What the server tells its operator', () => {
  it('[SY77] is alive, and ready when database, tables and disk are', async () => {
    const server = await servers.start();
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { database: 'ok', tables: 'ok', epoch: 'ok', disk: 'ok', storage: 'ok' } },
    ]);
    const stranger = await fetch(`${server.url}/readyz`, { headers: { 'x-forwarded-for': '10.1.1.1' } });
    expect(await stranger.json()).toEqual({ status: 'ready' });
  });

  it('[SY77] is not ready when a backup was restored under it or the database is away', async () => {
    const postgres = await startPostgres({ settings: ['fsync=off'] });
    try {
      const server = await servers.start({ databaseUrl: postgres.url });
      const ready = async () => {
        const answer = await fetch(`${server.url}/readyz`);
        return [answer.status, ((await answer.json()) as { checks: Record<string, string> }).checks] as const;
      };
      expect((await ready())[0]).toBe(200);
      const place = ['--data', join(servers.folder, 'data'), '--database-url', postgres.url];
      expect((await runServerCommand(['new-epoch', ...place])).code).toBe(0);
      expect(await ready()).toMatchObject([
        503,
        { database: 'ok', epoch: expect.stringContaining('restored') },
      ]);
      await postgres.stop();
      expect(await ready()).toMatchObject([503, { database: 'The database does not answer.', disk: 'ok' }]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    } finally {
      await postgres.stop();
    }
  }, 90_000);

  it('[SY77] counts requests by route pattern, for this machine or whoever has the token', async () => {
    const server = await servers.start({ metricsToken: 'open-sesame' });
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.request('GET', `/v1/blobs/${'a'.repeat(64)}`);
    await device.request('GET', '/v1/entities/ticket%2Fsecret-name');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('route="/v1/blobs/:sha256",status="4xx"');
    expect(metrics).toMatch(
      /faultline_http_request_duration_seconds_count\{[^}]*route="\/v1\/login"[^}]*\} 1/,
    );
    expect(metrics).toMatch(/faultline_disk_free_bytes \d+/);
    expect(metrics).toContain('process_resident_memory_bytes');
    for (const secret of ['secret-name', 'li.wei', 'a'.repeat(64), device.login.token])
      expect(metrics).not.toContain(secret);
    const from = { 'x-forwarded-for': '10.1.1.1' };
    expect((await fetch(`${server.url}/metrics`, { headers: from })).status).toBe(403);
    const wrong = { ...from, authorization: 'Bearer guess' };
    expect((await fetch(`${server.url}/metrics`, { headers: wrong })).status).toBe(403);
    const right = { ...from, authorization: 'Bearer open-sesame' };
    expect((await fetch(`${server.url}/metrics`, { headers: right })).status).toBe(200);
  });

  it('[SY78] is written to the log without names, bodies, tokens or addresses', async () => {
    const lines: string[] = [];
    const server = await servers.start({
      logLevel: 'trace',
      logTo: { write: (line: string) => void lines.push(line) },
    });
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const event = device.event({ stream: 'probe/private-stream', data: { text: 'private text' } });
    await device.push([event]);
    await device.request('GET', '/v1/entities/probe%2Fprivate-stream');
    await device.request('GET', '/v1/blobs/private-name');
    await device.request('POST', '/v1/pull', { private: 'private body' });
    await fetch(`${server.url}/private-path?token=private-query`, {
      headers: { 'x-private': 'private header' },
    });
    await servers.stop(server);
    const log = lines.join('');
    const requests = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ route }) => route);
    expect(requests).toContainEqual(
      expect.objectContaining({ method: 'POST', route: '/v1/push', status: 200, reqId: expect.any(String) }),
    );
    expect(requests.map(({ route }) => route)).toContain('/v1/entities/*');
    for (const secret of ['private', 'li.wei', 'demo', event.id, device.login.token, device.login.deviceId])
      expect(log).not.toContain(secret);
    expect(JSON.stringify(requests)).not.toContain('127.0.0.1');
  });

  it('[SY78] gives each answer an id that finds its log line, and takes none from outside', async () => {
    const server = await servers.start();
    const answer = await fetch(`${server.url}/v1/hello`, { headers: { 'x-request-id': 'forged\\nline' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
