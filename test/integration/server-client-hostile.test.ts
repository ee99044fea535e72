import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDeviceKey } from '#electron/services/access/device-key.ts';
import { LoginKeeper } from '#electron/services/access/login-keeper.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { Vault } from '#electron/services/vault/vault.ts';
import { SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import { osStore } from '#test/support/laptop-host.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
let server: Server;
let url: string;
let answer: Answer;
let seen: IncomingMessage[];
let client: ServerClient;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new ServerClient(url, 'secret-token');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const push = { epoch: 'e', device: 'd', events: [] };
const says =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
const problem = (status: number, code: string, more: object = {}): Answer =>
  says(status, { type: 'about:blank', title: 't', status, code, detail: `said ${code}`, ...more });
const drain = async (lines: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of lines);
};

test.each<[string, Answer, object]>([
  [
    'a problem',
    problem(409, 'sync.otherEpoch', { epoch: 'e2' }),
    { code: 'sync.otherEpoch', message: 'said sync.otherEpoch', detail: { epoch: 'e2' } },
  ],
  [
    'a message of an old server',
    says(400, { code: 'http.malformed', message: 'old words' }),
    { code: 'sync.refusedRequest', message: 'old words' },
  ],
  ['a copied profile', problem(409, 'sync.clonedDevice'), { code: 'sync.clonedDevice' }],
  ['a revoked device', problem(403, 'auth.deviceRevoked'), { code: 'sync.deviceRevoked' }],
  ['an expired login', problem(401, 'auth.expired'), { code: 'sync.needsLogin' }],
  ['another version', problem(426, 'sync.otherVersion'), { code: 'sync.otherVersion' }],
  ['too many tries', problem(429, 'auth.throttled'), { code: 'sync.throttled' }],
  [
    'a server that is overloaded',
    says(503, '<html>Bad gateway</html>', { 'content-type': 'text/html', 'retry-after': '7' }),
    { code: 'sync.serverFault', retryAfterMs: 7000 },
  ],
])('[SY90] knows %s', async (_, said, expected) => {
  answer = said;
  await expect(client.push(push)).rejects.toMatchObject(expected);
});

test.each<[string, Answer]>([
  [
    'a web page',
    says(200, '<html>Log in to the hotel</html>', { 'content-type': 'text/html; charset=utf-8' }),
  ],
  ['a web page that says it is JSON', says(200, ' <!doctype html><p>hotel')],
  ['511', says(511, 'sign in', { 'content-type': 'text/plain' })],
  ['a redirect elsewhere', says(302, '', { location: 'http://portal.example/login' })],
  ['a page with 403', says(403, '<html>blocked by the proxy</html>', { 'content-type': 'text/html' })],
  ['a page with 401', says(401, '<html>who are you</html>', { 'content-type': 'text/html' })],
  ['a refusal that is not ours', says(400, 'Bad Request', { 'content-type': 'text/plain' })],
])('[SY90] %s in the server’s place is no word of the server', async (_, said) => {
  answer = said;
  const portal = { code: 'sync.captivePortal' };
  await expect(client.push(push)).rejects.toMatchObject(portal);
  await expect(drain(client.pull({ ...push, cursors: {} }))).rejects.toMatchObject(portal);
  await expect(client.bootstrap()).rejects.toMatchObject(portal);
});

test('[SY90] a sign-in page is told at the first greeting, another program as well', async () => {
  answer = says(200, '<html>hotel</html>', { 'content-type': 'text/html' });
  await expect(client.hello()).rejects.toMatchObject({ code: 'sync.captivePortal' });
  for (const body of ['{"product":"other"}', 'pong', '[]']) {
    answer = says(200, body);
    await expect(client.hello()).rejects.toMatchObject({ code: 'sync.notAServer' });
  }
});

test('[SY90] speaks the highest version that the server knows too, and follows it when it is updated', async () => {
  const greet = async (min: number, max: number): Promise<unknown> => {
    answer = says(200, { product: 'faultline', protocol: { min, max }, epoch: 'e', serverTime: '' });
    await client.hello();
    answer = says(503, {});
    await client.push(push).catch(() => undefined);
    return seen.at(-1)?.headers['faultline-protocol'];
  };
  const ours = String(SYNC_PROTOCOL.max);
  expect(await greet(SYNC_PROTOCOL.min, SYNC_PROTOCOL.min)).toBe(String(SYNC_PROTOCOL.min));
  expect(await greet(SYNC_PROTOCOL.min, SYNC_PROTOCOL.max + 7)).toBe(ours);
  expect(await greet(SYNC_PROTOCOL.max + 1, SYNC_PROTOCOL.max + 7)).toBe(ours);
});

test('[SY91] no redirect is followed, and the token goes nowhere else', async () => {
  let elsewhere = 0;
  const other = createServer((_, response) => {
    elsewhere++;
    response.end('{}');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (const status of [301, 302, 303, 307, 308]) {
    answer = says(status, '', { location: `${target}/v1/push` });
    await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.captivePortal' });
  }
  answer = says(302, '', { location: '/login' });
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.notAServer' });
  expect(elsewhere).toBe(0);
  other.close();
  answer = says(200, { product: 'x' });
  await client.hello().catch(() => undefined);
  expect(seen.at(-1)?.headers.authorization).toBeUndefined();
});

test('[SY91] an answer that unfolds without end is given up early, as JSON and as lines', async () => {
  const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x20), { level: 1 });
  answer = says(200, bomb, { 'content-encoding': 'gzip' });
  const before = process.memoryUsage().rss;
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.badAnswer' });
  await expect(drain(client.pull({ ...push, cursors: {} }))).rejects.toMatchObject({
    code: 'sync.badAnswer',
  });
  answer = says(400, bomb, { 'content-encoding': 'gzip' });
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.captivePortal' });
  await expect(client.segment('0'.repeat(64))).rejects.toBeDefined();
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
}, 30_000);

test('[SY91] nonsense, cut answers and a dead line are each an error that says so', async () => {
  answer = says(200, '{"epoch":1}');
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.badAnswer' });
  answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"epoch"');
    setImmediate(() => response.destroy());
  };
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.cutOff' });
  answer = (_, response) => response.destroy();
  await expect(client.push(push)).rejects.toMatchObject({ code: 'sync.offline' });
  answer = says(200, '{"k":"brandNew","x":1}\n{"k":"acked","lastEventId":""}\n');
  const lines = [];
  for await (const batch of client.pull({ ...push, cursors: {} })) lines.push(...batch);
  expect(lines).toEqual([{ k: 'acked', lastEventId: '' }]);
  answer = says(200, '{"k":"event"}\n');
  await expect(drain(client.pull({ ...push, cursors: {} }))).rejects.toMatchObject({
    code: 'sync.badAnswer',
  });
});

test('[SY91] random answers bring nothing down', async () => {
  for (let round = 0; round < 60; round++) {
    const status = [200, 201, 204, 206, 301, 400, 401, 404, 409, 418, 500, 511][round % 12]!;
    const bytes = randomBytes(round * 13);
    answer = (_, response) => response.writeHead(status, { 'x-odd': 'y' }).end(status === 204 ? '' : bytes);
    await expect(client.push(push)).rejects.toMatchObject({
      code: expect.stringMatching(/^sync\./) as string,
    });
  }
});

/** Gives token 1, 2, 3 …; only the last opens. */
function tokenServer(): {
  refreshes: { refreshToken: string; signature: string; at: string }[];
  live: number;
  grace: boolean;
  dropAnswers: number;
} {
  const state = { refreshes: [] as never[], live: 1, grace: false, dropAnswers: 0 };
  answer = (request, response, body) => {
    if (request.url === '/v1/refresh') {
      const said = JSON.parse(body) as { refreshToken: string };
      state.refreshes.push(said as never);
      const offered = Number(said.refreshToken.split('-')[1]);
      const isGrace = state.grace && offered === state.live - 1;
      if (offered !== state.live && !isGrace) return problem(401, 'auth.reused')(request, response, body);
      if (!isGrace) state.live++;
      if (state.dropAnswers-- > 0) return void response.destroy();
      return says(200, {
        ...pair(state.live),
        userName: 'u',
        roles: [],
        scopes: [],
        homeRegion: 'sz',
      })(request, response, body);
    }
    if (request.headers.authorization !== `Bearer access-${state.live}`)
      return problem(401, 'auth.expired')(request, response, body);
    return says(200, { epoch: 'e', serverTime: '', durable: true, verdicts: [] })(request, response, body);
  };
  return state;
}

async function withKeeper(
  work: (open: () => Promise<{ keeper: LoginKeeper; client: ServerClient; vault: Vault }>) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'faultline-login-'));
  try {
    await work(async () => {
      const vault = await Vault.open(join(dir, 'vault.json'), osStore);
      const keeper = new LoginKeeper({ vault, clock: systemClock(), device: () => 'device-1' });
      await keeper.load();
      return { keeper, vault, client: new ServerClient(url, undefined, { tokens: keeper }) };
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
const pair = (n: number, lifeMs = 900_000) => ({
  token: `access-${n}`,
  refreshToken: `refresh-${n}`,
  expiresAt: new Date(Date.now() + lifeMs).toISOString(),
});

test('[SY92] a login that ended is renewed once for all requests, signed with the device’s key, and kept before it is used', async () => {
  const state = tokenServer();
  await withKeeper(async (open) => {
    const { keeper, client: own, vault } = await open();
    await keeper.keep({ ...pair(1), token: 'stale' });
    await Promise.all([own.push(push), own.push(push), own.push(push)]);
    expect(state.refreshes).toHaveLength(1);
    const { refreshToken, at, signature } = state.refreshes[0]!;
    const spki = Buffer.from((await openDeviceKey(vault)).publicKey, 'base64url');
    const text = Buffer.from(`faultline-refresh\ndevice-1\n${refreshToken}\n${at}`);
    expect(
      verify(null, text, { key: spki, format: 'der', type: 'spki' }, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    const again = await open();
    await again.client.push(push);
    expect(again.keeper.token).toBe('access-2');
    expect(state.refreshes).toHaveLength(1);
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(verify(null, text, other, Buffer.from(signature, 'base64url'))).toBe(false);
  });
});

test('[SY92] before its end it is renewed without a refusal; a clock that is years off does no harm', async () => {
  const state = tokenServer();
  await withKeeper(async (open) => {
    const { keeper, client: own } = await open();
    await keeper.keep(pair(1, 0.5));
    await own.push(push);
    await own.push(push);
    expect(state.refreshes.length).toBeLessThanOrEqual(1);
    await keeper.keep({ ...pair(state.live), expiresAt: '1970-01-01T00:00:00.000Z' });
    expect(keeper.isDue).toBe(false);
    await own.push(push);
  });
});

test('[SY92] an answer that got lost, also by a crash, is made good within the grace window', async () => {
  const state = tokenServer();
  state.grace = true;
  state.dropAnswers = 1;
  await withKeeper(async (open) => {
    const { keeper, client: own } = await open();
    await keeper.keep({ ...pair(1), token: 'stale' });
    await expect(own.push(push)).rejects.toMatchObject({ code: 'sync.offline' });
    const again = await open();
    await again.client.push(push);
    expect(again.keeper.token).toBe('access-2');
  });
});

test('[SY92] a refresh token that the server takes no more asks for a login, once, and loses nothing else', async () => {
  const state = tokenServer();
  state.live = 9;
  await withKeeper(async (open) => {
    const { keeper, client: own } = await open();
    await keeper.keep(pair(1));
    await expect(own.push(push)).rejects.toMatchObject({ code: 'sync.needsLogin' });
    await expect(own.push(push)).rejects.toMatchObject({ code: 'sync.needsLogin' });
    expect(state.refreshes).toHaveLength(1);
    expect((await open()).keeper.token).toBeUndefined();
    await keeper.keep(pair(9));
    await own.push(push);
  });
});

test('[SY92] a fault of the network while renewing ends no login', async () => {
  tokenServer();
  const served = answer;
  await withKeeper(async (open) => {
    const { keeper, client: own } = await open();
    await keeper.keep({ ...pair(1), token: 'stale' });
    answer = (request, response, body) => {
      if (request.url === '/v1/refresh')
        says(200, '<html>', { 'content-type': 'text/html' })(request, response, body);
      else served(request, response, body);
    };
    await expect(own.push(push)).rejects.toMatchObject({ code: 'sync.captivePortal' });
    answer = served;
    await own.push(push);
  });
});
