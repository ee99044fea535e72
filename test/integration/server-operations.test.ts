import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPglite } from '#server/db/open-pglite.ts';
import { checkBackup } from '#server/ops/backup/restore-backup.ts';
import { startServer, type RunningServer, type ServerOptions } from '#server/start.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { runServerCommand, startServerProcess } from '#test/support/server-process.ts';
import { checksumOf, SyncDevice } from '#test/support/sync-device.ts';

const run = promisify(execFile);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Processes are started, certificates made, databases created: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

let empty: string;
let folder: string;
let open: RunningServer[];
beforeAll(async () => {
  // Making an empty embedded database takes seconds; a copy of one does not.
  empty = await mkdtemp(join(tmpdir(), 'faultline-empty-'));
  await (await openPglite(join(empty, 'database'))).close();
});
afterAll(() => rm(empty, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-operations-'));
  await cp(empty, join(folder, 'data'), { recursive: true });
  open = [];
});
afterEach(async () => {
  for (const server of open) await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({
    data: join(folder, 'data'),
    demo: true,
    logLevel: 'silent',
    ...options,
  });
  open.push(server);
  return server;
}
async function stop(server: RunningServer): Promise<void> {
  open = open.filter((other) => other !== server);
  await server.close();
}

describe('How the server is reached', () => {
  const makeCertificate = async (name: string): Promise<{ tlsCert: string; tlsKey: string }> => {
    const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
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
    const server = await start({ demo: false, host: '0.0.0.0', behindProxy: true });
    expect((await fetch(`http://127.0.0.1:${new URL(server.url).port}/healthz`)).status).toBe(200);
  });

  it('[SY75] speaks TLS, and takes a renewed certificate into use without a restart', async () => {
    const pair = await makeCertificate('first');
    const server = await start(pair);
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
    await stop(server);
    await expect(start({ ...pair, tlsCert: join(folder, 'missing.pem') })).rejects.toThrow(/cannot be read/);
  });

  it.runIf(process.platform !== 'win32')(
    '[SY75] notices a renewed certificate by itself, and at once on SIGHUP',
    async () => {
      const { tlsCert, tlsKey } = await makeCertificate('first');
      const flags = [
        '--port',
        '0',
        '--data',
        join(folder, 'data'),
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
    const trusting = await start({ trustedProxies: ['127.0.0.0/8'] });
    await guessFive(trusting);
    expect(await guess(trusting, '10.0.0.1')).toBe(429);
    const elsewhere = await SyncDevice.logIn(trusting.url, 'wang.fang');
    expect(elsewhere.login.userId).toBe('wang.fang');
  });

  it('[SY76] finishes what runs when it stops, ends pokes, and takes nothing new', async () => {
    const server = await start();
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
      .poll(async () => (await readdir(join(folder, 'data/blobs/incoming')).catch(() => [])).length)
      .toBe(1);
    const stopped = stop(server);
    expect(await poke.text()).toMatch(/^data: 0\n\n/);
    upload.end(bytes.subarray(100_000));
    expect(await answered).toBe(200);
    await stopped;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});

describe('What the server tells its operator', () => {
  it('[SY77] is alive, and ready when database, tables and disk are', async () => {
    const server = await start();
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { database: 'ok', tables: 'ok', epoch: 'ok', disk: 'ok' } },
    ]);
    const stranger = await fetch(`${server.url}/readyz`, { headers: { 'x-forwarded-for': '10.1.1.1' } });
    expect(await stranger.json()).toEqual({ status: 'ready' });
  });

  it('[SY77] is not ready when a backup was restored under it or the database is away', async () => {
    const postgres = await startPostgres({ settings: ['fsync=off'] });
    try {
      const server = await start({ databaseUrl: postgres.url });
      const ready = async () => {
        const answer = await fetch(`${server.url}/readyz`);
        return [answer.status, ((await answer.json()) as { checks: Record<string, string> }).checks] as const;
      };
      expect((await ready())[0]).toBe(200);
      const place = ['--data', join(folder, 'data'), '--database-url', postgres.url];
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
    const server = await start({ metricsToken: 'open-sesame' });
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
    const server = await start({
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
    await stop(server);
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
    const server = await start();
    const answer = await fetch(`${server.url}/v1/hello`, { headers: { 'x-request-id': 'forged\\nline' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe.each([
  ['PGlite', 'PostgreSQL'],
  ['PostgreSQL', 'PGlite'],
] as const)('A backup from %s to %s', (from, to) => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: ['fsync=off'] });
  });
  afterAll(() => postgres?.stop());

  const placeOf = async (kind: 'PGlite' | 'PostgreSQL', name: string): Promise<string[]> => {
    const data = ['--data', join(folder, name)];
    return kind === 'PGlite' ? data : [...data, '--database-url', await postgres.createDatabase()];
  };
  const optionsOf = (place: readonly string[]): Partial<ServerOptions> => ({
    data: place[1]!,
    ...(place[3] === undefined ? {} : { databaseUrl: place[3] }),
  });

  it('[SY74] is made while the server works, and brings everything back under a new epoch', async () => {
    const source = await placeOf(from, 'source');
    const server = await start(optionsOf(source));
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(1_500_000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const before = Array.from({ length: 150 }, (_, n) =>
      device.event({ stream: `probe/${n % 7}`, data: { text: `${n} 整流模块 "quoted" \\ tab\t` } }),
    );
    await device.push(before);
    const file = join(folder, 'backup.gz');
    // Somebody keeps writing while the backup is made.
    const still = { writing: true };
    const later: string[] = [];
    const writer = (async () => {
      while (still.writing) {
        const event = device.event({ stream: 'probe/later' });
        later.push(event.id);
        await device.push([event]);
      }
    })();
    const backup = await runServerCommand(['backup', ...source, '--to', file]);
    still.writing = false;
    await writer;
    expect(backup).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(backup.output)).toMatchObject({ blobs: 1, missingBlobs: [] });
    expect((await stat(file)).mode & 0o077).toBe(0);
    const again = await runServerCommand(['backup', ...source, '--to', file]);
    expect([again.code, again.errors]).toEqual([1, expect.stringContaining('exists already')]);

    const target = await placeOf(to, 'target');
    const restored = await runServerCommand(['restore', ...target, '--from', file]);
    expect(restored).toMatchObject({ code: 0, errors: '' });
    const check = await runServerCommand(['check', ...target]);
    expect(JSON.parse(check.output)).toMatchObject({ blobs: 1, troubles: [] });
    const second = await start(optionsOf(target));
    expect(second.epoch).not.toBe(server.epoch);
    expect(second.epoch).toBe((JSON.parse(restored.output) as { epoch: string }).epoch);
    const { deviceId: id, deviceCode: code } = device.login;
    const after = await SyncDevice.logIn(second.url, 'li.wei', 'demo', { id });
    expect([after.login.deviceId, after.login.deviceCode]).toEqual([id, code]);
    const lines = await after.pull();
    const ids = after.receivedIds();
    expect(ids.slice(0, 150)).toEqual(before.map((event) => event.id));
    // What came while it was made is in it as of one instant: the first of them, and none twice.
    expect(ids.slice(150)).toEqual(later.slice(0, ids.length - 150));
    expect(lines).toContainEqual({
      k: 'checksum',
      scope: 'region/sz',
      count: ids.length,
      hash: checksumOf(ids),
    });
    expect((await after.entity('probe/3')).map((event) => event.data)).toEqual(
      before.filter(({ stream }) => stream === 'probe/3').map((event) => event.data),
    );
    const blob = await after.request('GET', `/v1/blobs/${sha256(bytes)}`);
    expect(Buffer.compare(blob.body as Buffer, bytes)).toBe(0);
    // Goes on as if nothing had been: numbers, codes, identities.
    const fresh = after.event({ stream: 'probe/fresh' }, Date.now() + 60_000);
    expect(await after.push([fresh])).toMatchObject({ verdicts: [{ id: fresh.id, verdict: 'accepted' }] });
    const newcomer = await SyncDevice.logIn(second.url, 'li.wei');
    expect(newcomer.login.deviceCode).not.toBe(code);
  }, 120_000);

  it('[SY74] is refused before anything is changed when it is cut off, damaged, or meets data', async () => {
    const source = await placeOf(from, 'source');
    const server = await start(optionsOf(source));
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.push([device.event({ stream: 'probe/1' })]);
    const bytes = randomBytes(50_000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const file = join(folder, 'backup.gz');
    await runServerCommand(['backup', ...source, '--to', file]);
    const whole = await readFile(file);
    const lines = gunzipSync(whole).toString('utf8').trimEnd().split('\n');
    const bad: Record<string, Buffer> = {
      'cut.gz': whole.subarray(0, whole.length - 100),
      'flipped.gz': Buffer.from(whole.map((byte, n) => (n === whole.length >> 1 ? byte ^ 1 : byte))),
      'no-end.gz': gzipSync(`${lines.slice(0, -1).join('\n')}\n`),
      'changed.gz': gzipSync(`${lines.join('\n').replace('"probe/1"', '"probe/2"')}\n`),
      'without-a-line.gz': gzipSync(`${lines.filter((_, n) => n !== 2).join('\n')}\n`),
      'empty.gz': Buffer.alloc(0),
      'text.gz': Buffer.from('not a backup'),
      'newer.gz': gzipSync(
        resealed(lines, (text) => text.replace('"0001-first-tables"', '"0001-first-tables","9999-x"')),
      ),
    };
    const target = await placeOf(to, 'target');
    const kept = await start(optionsOf(target));
    const other = await SyncDevice.logIn(kept.url, 'wang.fang');
    const precious = other.event({ stream: 'probe/precious' });
    await other.push([precious]);
    await stop(kept);
    for (const [name, content] of Object.entries(bad)) {
      await writeFile(join(folder, name), content);
      await expect(checkBackup(join(folder, name)), name).rejects.toThrow(
        /cut off|damaged|changed|not a backup|newer version/,
      );
    }
    const cut = ['restore', ...target, '--replace', '--from', join(folder, 'no-end.gz')];
    expect(await runServerCommand(cut)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('cut off'),
    });
    const refused = await runServerCommand(['restore', ...target, '--from', file]);
    expect([refused.code, refused.errors]).toEqual([
      1,
      expect.stringContaining('There are data here already'),
    ]);
    const still = await start(optionsOf(target));
    const reader = await SyncDevice.logIn(still.url, 'wang.fang', 'demo', { id: other.login.deviceId });
    await reader.pull();
    expect(reader.receivedIds()).toEqual([precious.id]);
    await stop(still);
    expect((await runServerCommand(['restore', ...target, '--replace', '--from', file])).code).toBe(0);
    const replaced = await start(optionsOf(target));
    const last = await SyncDevice.logIn(replaced.url, 'wang.fang');
    await last.pull();
    expect(last.receivedIds()).not.toContain(precious.id);
    expect(last.receivedIds()).toHaveLength(1);
  }, 180_000);
});

describe('The command line', () => {
  it('[SY79] asks the server that has the embedded database, which nobody else may', async () => {
    const data = join(folder, 'data');
    const server = await start();
    const secret = await readFile(join(data, 'control.json'), 'utf8');
    expect((await stat(join(data, 'control.json'))).mode & 0o077).toBe(0);
    const { url } = JSON.parse(secret) as { url: string };
    const forged = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{}' });
    expect(forged.status).toBe(403);
    const place = ['--data', data];
    const add = [
      'user',
      'add',
      '--user',
      'chen.gong',
      '--role',
      'engineer',
      '--region',
      'gz',
      '--password-stdin',
    ];
    expect(await runServerCommand([...add, ...place], 'a long sesame\n')).toMatchObject({
      code: 0,
      errors: '',
    });
    expect((await runServerCommand([...add, ...place], 'again, and long\n')).errors).toContain('already');
    const device = await SyncDevice.logIn(server.url, 'chen.gong', 'a long sesame');
    expect((await runServerCommand(['user', 'list', ...place])).output).toContain('chen.gong');
    const password = ['user', 'password', '--user', 'chen.gong', '--password-stdin'];
    await runServerCommand([...password, ...place], 'another sesame\n');
    expect((await device.request('GET', '/v1/bootstrap')).status).toBe(401);
    const again = await SyncDevice.logIn(server.url, 'chen.gong', 'another sesame');
    const { deviceId } = again.login;
    expect((await runServerCommand(['device', 'list', '--user', 'chen.gong', ...place])).output).toContain(
      deviceId,
    );
    const revoke = ['device', 'revoke', '--device', deviceId, '--reason', 'lost'];
    expect(await runServerCommand([...revoke, ...place])).toMatchObject({ code: 0, errors: '' });
    expect((await again.request('GET', '/v1/bootstrap')).status).toBe(403);
    const reinstate = ['device', 'reinstate', '--device', deviceId, '--reason', 'found'];
    expect(await runServerCommand([...reinstate, ...place])).toMatchObject({ code: 0, errors: '' });
    await runServerCommand(['user', 'disable', '--user', 'chen.gong', ...place]);
    await expect(SyncDevice.logIn(server.url, 'chen.gong', 'another sesame')).rejects.toThrow(/401/);
    await stop(server);
    expect(await readdir(data)).not.toContain('control.json');
  }, 120_000);

  it('[SY79] deletes a record for good only when that is confirmed', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.push([device.event({ stream: 'ticket/gone', data: { text: 'private' } })]);
    const purge = ['purge', '--stream', 'ticket/gone', '--data', join(folder, 'data')];
    expect((await runServerCommand(purge)).errors).toContain('--yes');
    expect(await runServerCommand([...purge, '--yes'])).toMatchObject({ code: 0, errors: '' });
    const { body } = await device.request('GET', '/v1/entities/ticket%2Fgone');
    expect(String(body)).not.toContain('private');
    const check = await runServerCommand(['check', '--data', join(folder, 'data')]);
    expect(JSON.parse(check.output)).toMatchObject({ troubles: [] });
  }, 60_000);

  it('[SY79] exports everything in open formats, without secrets', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const event = device.event({ stream: 'probe/1', data: { text: '整流模块' } });
    await device.push([event, { ...event, id: device.event({ stream: 'x/y' }).id, actor: 'somebody.else' }]);
    const bytes = randomBytes(5000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const to = join(folder, 'export');
    const flags = ['export', '--data', join(folder, 'data'), '--to', to];
    expect(await runServerCommand(flags)).toMatchObject({ code: 0, errors: '' });
    const read = async (name: string): Promise<Record<string, unknown>[]> =>
      (await readFile(join(to, 'main', name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect((await read('events.ndjson')).map((line) => line['event'])).toEqual([event]);
    expect(await read('refused.ndjson')).toMatchObject([{ code: 'sync.wrongActor' }]);
    expect((await read('records.ndjson')).map(({ key }) => key)).toEqual(['probe/1']);
    expect(await read('people.ndjson')).toContainEqual(expect.objectContaining({ user: 'li.wei' }));
    const hash = sha256(bytes);
    const attachment = await readFile(join(to, 'main/attachments', hash.slice(0, 2), hash));
    expect(Buffer.compare(attachment, bytes)).toBe(0);
    const everything = await Promise.all(
      (await readdir(join(to, 'main')))
        .filter((name) => name.endsWith('.ndjson'))
        .map((name) => readFile(join(to, 'main', name), 'utf8')),
    );
    expect(everything.join('')).not.toMatch(/argon2|hash|public_key/);
    const manifest = JSON.parse(await readFile(join(to, 'MANIFEST.json'), 'utf8')) as { files: object };
    expect(manifest.files).toMatchObject({ 'main/events.ndjson': { lines: 1 } });
    expect((await runServerCommand(flags)).errors).toContain('not empty');
  }, 60_000);

  it('[SY79] finds an attachment that was damaged and an entry that was deleted by hand', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(5000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    await stop(server);
    await truncate(join(folder, 'data/blobs/main', sha256(bytes).slice(0, 2), sha256(bytes)), 10);
    const check = await runServerCommand(['check', '--data', join(folder, 'data')]);
    expect(check.code).toBe(1);
    expect(JSON.parse(check.output)).toMatchObject({ troubles: [expect.stringContaining(sha256(bytes))] });
  }, 60_000);

  it('[SY79] says how each command is used, and refuses what it does not know', async () => {
    for (const command of [
      'user',
      'device',
      'backup',
      'restore',
      'export',
      'purge',
      'check',
      'new-epoch',
      'serve',
    ])
      expect((await runServerCommand([command, '--help'])).output).toContain(`npm run server -- `);
    expect((await runServerCommand(['fly'])).errors).toContain('There is no command "fly"');
    expect((await runServerCommand(['backup', '--data', folder])).errors).toContain('--to is missing');
    const server = await startServerProcess(['--port', '0', '--data', join(folder, 'data')]);
    try {
      expect(server.output()).toContain('First start');
      const restore = await runServerCommand(['restore', '--from', 'x', '--data', join(folder, 'data')]);
      expect(restore.errors).toContain('Another Faultline server');
    } finally {
      await server.kill('SIGTERM');
    }
  }, 120_000);
});

/** The backup with one line changed and its seal made anew. */
function resealed(lines: readonly string[], change: (text: string) => string): string {
  const body = lines.slice(0, -1).map(change);
  const text = `${body.join('\n')}\n`;
  const end = { k: 'end', lines: body.length, sha256: sha256(Buffer.from(text)) };
  return `${text}${JSON.stringify(end)}\n`;
}
