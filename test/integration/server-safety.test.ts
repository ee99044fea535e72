import { createHash, randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { request as httpRequest } from 'node:http';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type RunningServer } from '#server/start.ts';
import type { DomainPort } from '#server/sync/domain.ts';
import { foldEntity } from '#shared/domain/projection.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { checksumOf, send, SyncDevice, type Answer } from '#test/support/sync-device.ts';

const REPOSITORY = new URL('../../', import.meta.url).pathname;
/** A server of the time before there were tickets. */
const ignorant: DomainPort = {
  fault: () => undefined,
  touches: ({ stream }) => [stream],
  evolve: () => ({}),
};
const codeOf = (answer: Answer): [number, string] => [answer.status, (answer.body as { code: string }).code];
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.each(['PGlite', 'PostgreSQL'] as const)('The server on %s, attacked', (kind) => {
  let postgres: Postgres | undefined;
  let folder: string;
  let server: RunningServer;
  let clock = Date.now();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    if (kind === 'PostgreSQL') postgres = await startPostgres({ settings: ['fsync=off'] });
    server = await startServer({
      data: folder,
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
      demo: true,
      logLevel: 'silent',
      now: () => clock,
      tokenTtlMs: 60_000,
      maxBlobBytes: 1024 * 1024,
    });
  });
  afterAll(async () => {
    await server?.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

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
    const pool = new Pool({ connectionString: postgres?.url });
    const tables = ['users', 'sessions', 'devices', 'server_facts'];
    const { rows } = await pool.query(
      tables.map((table) => `SELECT to_json(t)::text AS row FROM ${table} t`).join(' UNION ALL '),
    );
    await pool.end();
    const everything = rows.map(({ row }) => row as string).join('\n');
    expect(everything).toContain(device.login.deviceId);
    expect(everything).toContain('$argon2id$');
    expect(everything).not.toContain(device.login.token);
    expect(everything).not.toContain('"demo"');
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
    expect(await putChunked(device, sha256(large), large)).toBe(413);
    expect(await readdir(join(folder, 'blobs', 'incoming'))).toEqual([]);
  });

  it('[SY25] lets no name lead out of its folder', async () => {
    const device = await fresh();
    await writeFile(join(folder, 'secret'), 'secret');
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
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
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
    const raw = await rawPull(device);
    expect(raw.headers['content-encoding']).toBe('gzip');
    expect(raw.bytes.length).toBeLessThan(text.length / 2);
    expect(gunzipSync(raw.bytes).toString('utf8')).toContain(text);
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

describe('Two servers on one PostgreSQL', () => {
  it('[SY17] poke each other’s devices, and number one scope together', async () => {
    const postgres = await startPostgres();
    const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'faultline-server-'))));
    const options = { databaseUrl: postgres.url, demo: true, logLevel: 'silent' };
    const one = await startServer({ ...options, data: folders[0]! });
    const two = await startServer({ ...options, data: folders[1]! });
    try {
      const [here, there] = [
        await SyncDevice.logIn(one.url, 'li.wei'),
        await SyncDevice.logIn(two.url, 'wang.fang'),
      ];
      const response = await fetch(`${one.url}/v1/poke`, {
        headers: { authorization: `Bearer ${here.login.token}` },
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toBe('data: 0\n\n');
      const ids: string[] = [];
      const write = async (device: SyncDevice): Promise<void> => {
        const event = device.event({ stream: `probe/${device.login.userId}` });
        ids.push(event.id);
        await device.push([event]);
      };
      // Only the other server is written to; the first pokes may come before the two hear each other.
      const heard = { poke: false };
      const poked = reader.read().then(({ value }) => {
        heard.poke = true;
        return value;
      });
      while (!heard.poke) await write(there);
      expect(await poked).toMatch(/^(data: \d+\n\n)+$/);
      await Promise.all(
        [here, there].map(async (device) => {
          for (let round = 0; round < 10; round++) await write(device);
        }),
      );
      await reader.cancel();
      const lines = await here.pull();
      expect(here.receivedIds().toSorted()).toEqual(ids.toSorted());
      expect(lines).toContainEqual({
        k: 'checksum',
        scope: 'region/sz',
        count: ids.length,
        hash: checksumOf(ids),
      });
    } finally {
      await one.close();
      await two.close();
      await postgres.stop();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('The embedded database', () => {
  it('[SY27] keeps everything over a restart and over kill -9, and opens for one server only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    const started: ChildProcess[] = [];
    const start = async (): Promise<{ url: string; child: ChildProcess; output: () => string }> => {
      const server = await startProcess(['--port', '0', '--data', folder, '--demo', '--log', 'trace']);
      started.push(server.child);
      return server;
    };
    try {
      const first = await start();
      expect(first.output()).toContain('Administrator: admin');
      const device = await SyncDevice.logIn(first.url, 'li.wei');
      const bytes = randomBytes(50_000);
      await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
      const events = Array.from({ length: 120 }, (_, n) => device.event({ stream: `probe/${n % 7}` }));
      expect(await device.push(events)).toMatchObject({ durable: true });
      await expect(startServer({ data: folder, logLevel: 'silent' })).rejects.toMatchObject({
        code: 'server.dataLocked',
      });
      await kill(first.child, 'SIGKILL');

      const second = await start();
      expect(second.output()).not.toContain('Administrator');
      const after = await SyncDevice.logIn(second.url, 'li.wei', 'demo', { id: device.login.deviceId });
      expect(after.login.epoch).toBe(device.login.epoch);
      const lines = await after.pull();
      expect(after.receivedIds()).toEqual(events.map(({ id }) => id));
      expect(lines).toContainEqual({ k: 'acked', lastEventId: events.at(-1)!.id });
      expect(
        Buffer.compare((await after.request('GET', `/v1/blobs/${sha256(bytes)}`)).body as Buffer, bytes),
      ).toBe(0);
      const logged = first.output() + second.output();
      expect(logged).toContain('/v1/login');
      for (const secret of [device.login.token, after.login.token, '"demo"'])
        expect(logged).not.toContain(secret);
      await kill(second.child, 'SIGTERM');
      expect(second.child.exitCode).toBe(0);

      const third = await startServer({ data: folder, logLevel: 'silent' });
      const again = await SyncDevice.logIn(third.url, 'li.wei', 'demo', { id: device.login.deviceId });
      await again.pull();
      expect(again.receivedIds()).toEqual(events.map(({ id }) => id));
      await third.close();
    } finally {
      for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('[SY29] folds all rows anew when it has learnt new event types', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    try {
      const options = { data: folder, demo: true, logLevel: 'silent', bootstrap: { staleAfter: 0 } };
      const older = await startServer({ ...options, domainFingerprint: 'older', domain: ignorant });
      const device = await SyncDevice.logIn(older.url, 'li.wei');
      const now = Date.now();
      const facts = [2, 1, 3].map((minute) =>
        device.event(
          { stream: 'ticket/t', type: 'ticket.assigned', data: { to: `user-${minute}`, tier: 'L1' } },
          now,
        ),
      );
      await device.push(facts.toReversed());
      expect((await device.rows(await device.manifest())).map(({ state }) => state)).toEqual([{}]);
      await older.close();
      const newer = await startServer(options);
      const after = await SyncDevice.logIn(newer.url, 'li.wei', 'demo', { id: device.login.deviceId });
      const [row] = await after.rows(await after.manifest());
      expect(row?.state).toEqual(JSON.parse(JSON.stringify(foldEntity('ticket/t', facts)?.state)));
      await newer.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('[SY28] refuses the demo accounts on anything but loopback', async () => {
    const data = join(tmpdir(), 'faultline-never-made');
    await expect(startServer({ data, demo: true, host: '0.0.0.0' })).rejects.toThrow(RangeError);
  });

  it('[SY28] adds an account from the command line, its password from the standard input', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    try {
      const flags = [
        'add-user',
        '--data',
        folder,
        '--user',
        'chen.gong',
        '--role',
        'engineer',
        '--region',
        'gz',
      ];
      const child = runScript([...flags, '--password-stdin']);
      child.stdin!.end('sesame\n');
      await ended(child);
      expect(child.exitCode).toBe(0);
      const server = await startServer({ data: folder, logLevel: 'silent' });
      const { login } = await SyncDevice.logIn(server.url, 'chen.gong', 'sesame');
      expect(login).toMatchObject({ homeRegion: 'gz', roles: ['engineer'], deviceCode: 'GZ01' });
      await server.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});

function runScript(flags: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(REPOSITORY, 'scripts/server.ts'), ...flags], {
    cwd: REPOSITORY,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Resolves when the server says that it is ready. */
async function startProcess(flags: readonly string[]) {
  const child = runScript(flags);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const ready = /Faultline server ready: (\S+)\n/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    });
  });
  return { child, url, output: () => output };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) =>
    child.exitCode === null ? child.once('exit', () => resolve()) : resolve(),
  );
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}

/** What the server answers to bytes that no HTTP client would send. */
async function talk(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

function putChunked(device: SyncDevice, hash: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${device.url}/v1/blobs/${hash}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${device.login.token}`,
        'content-type': 'application/octet-stream',
        'transfer-encoding': 'chunked',
      },
    });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', reject);
    request.end(bytes);
  });
}

function rawPull(device: SyncDevice): Promise<{ headers: Record<string, unknown>; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${device.url}/v1/pull`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${device.login.token}`,
        'content-type': 'application/json',
        'accept-encoding': 'gzip',
      },
    });
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }));
    });
    request.once('error', reject);
    request.end(JSON.stringify({ epoch: device.epoch, device: device.login.deviceId, cursors: {} }));
  });
}
