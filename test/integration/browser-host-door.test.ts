import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { listen, type Listening } from '#electron/services/browser-host/listen.ts';
import { webSocketTransport } from '#electron/services/host/websocket-transport.ts';
import { connectContract } from '#shared/host/client.ts';
import { MAX_FRAME_BYTES } from '#shared/host/codec.ts';
import { call } from '#shared/host/define.ts';
import { errorCode } from '#shared/host/errors.ts';
import { serveContract } from '#shared/host/serve.ts';

const contract = { app: { echo: call(z.string(), z.string()) } };
const token = randomBytes(32).toString('hex');
let root: string;
let door: Listening;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'faultline-door-'));
  mkdirSync(path.join(root, 'page'));
  writeFileSync(path.join(root, 'page', 'index.html'), '<meta name="csp-nonce" content="__CSP_NONCE__">');
  writeFileSync(path.join(root, 'page', 'app.js'), 'void 0');
  writeFileSync(path.join(root, 'page', 'secret.pem'), 'no');
  writeFileSync(path.join(root, 'outside.js'), 'secret');
  door = await listen({
    port: 0,
    rendererDir: path.join(root, 'page'),
    token,
    serve: (transport, admit) =>
      serveContract(contract, { app: { echo: async (text) => text } }, transport, { admit }),
  });
});
afterAll(async () => {
  await door.close();
  rmSync(root, { recursive: true });
});

/** Sends raw bytes, as an attacker would, and answers all that came back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(door.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
const get = (target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> =>
  raw(
    [
      `${method} ${target} HTTP/1.1`,
      ...Object.entries({ Host: `127.0.0.1:${door.port}`, Connection: 'close', ...headers }).map(
        ([k, v]) => `${k}: ${v}`,
      ),
      '',
      '',
    ].join('\r\n'),
  );
const upgrade = (headers: Record<string, string>, target = '/host'): Promise<string> =>
  get(target, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  });
const status = (answer: string): string => answer.slice(9, 12);

function socket(): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${door.port}/host`, { origin: `http://127.0.0.1:${door.port}` });
}
async function opened(): Promise<WebSocket> {
  const made = socket();
  await new Promise((resolve, reject) => {
    made.once('open', resolve);
    made.once('error', reject);
  });
  return made;
}
const closed = (made: WebSocket): Promise<void> =>
  new Promise((resolve) => made.once('close', () => resolve()));
const knock = async (given: string | undefined) =>
  connectContract(contract, webSocketTransport(await opened()), given === undefined ? {} : { token: given });
const codeOf = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(() => undefined, errorCode);

describe('pages', () => {
  it('[H10] are refused under any other name than our own loopback names', async () => {
    expect(status(await get('/', { Host: 'attacker.example' }))).toBe('421');
    expect(status(await get('/', { Host: `attacker.example:${door.port}` }))).toBe('421');
    expect(status(await get('/', { Host: `127.0.0.1.attacker.example:${door.port}` }))).toBe('421');
    expect(status(await get('/', { Host: `localhost:${door.port}` }))).toBe('200');
  });

  it('[H11] are the files of the page and nothing else', async () => {
    for (const target of [
      '/../outside.js',
      '/%2e%2e/outside.js',
      '/..%2foutside.js',
      '/app.js/../../outside.js',
      '//etc/passwd.txt',
      '/..\\outside.js',
      '/%00.js',
      '/%zz.js',
      '/secret.pem',
    ]) {
      expect([target, status(await get(target))]).toEqual([target, '404']);
    }
    expect(status(await get('/app.js'))).toBe('200');
    expect(status(await get('/ticket/1'))).toBe('200');
  });

  it('[H11] are only to be read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
      expect(status(await get('/', {}, method))).toBe('405');
    expect(await get('/app.js', {}, 'HEAD')).not.toContain('void 0');
  });

  it('[H12] come under a strict policy with a nonce of their own, and without CORS', async () => {
    const [first, second] = [await get('/', { Origin: 'https://attacker.example' }), await get('/')];
    const nonce = /'nonce-([^']+)'/.exec(first)![1];
    expect(first).toContain(`content="${nonce}"`);
    expect(second).not.toContain(nonce!);
    expect(first).toContain("default-src 'none'; script-src 'self';");
    expect(first).toContain(`connect-src 'self' ws://127.0.0.1:${door.port};`);
    expect(first.toLowerCase()).not.toContain('access-control-');
    expect(first).toContain('x-content-type-options: nosniff');
    expect(await get('/nothing.js')).toContain("content-security-policy: default-src 'none'");
  });
});

describe('the socket', () => {
  it('[H13] is refused to every other origin, and to none at all', async () => {
    const own = `http://127.0.0.1:${door.port}`;
    expect(status(await upgrade({}))).toBe('403');
    for (const origin of [
      'null',
      'https://attacker.example',
      `https://127.0.0.1:${door.port}`,
      `${own}.attacker.example`,
      'http://127.0.0.1',
      `http://localhost:${door.port}`,
    ]) {
      expect([origin, status(await upgrade({ Origin: origin }))]).toEqual([origin, '403']);
    }
    expect(status(await upgrade({ Origin: own, Host: `attacker.example:${door.port}` }))).toBe('403');
    expect(status(await upgrade({ Origin: own }, '/other'))).toBe('403');
  });

  it('[H14] is closed to a wrong token, a token cut short, and no token', async () => {
    expect(await codeOf(knock('0'.repeat(64)))).toBe('host.badToken');
    expect(await codeOf(knock(token.slice(0, -1)))).toBe('host.badToken');
    expect(await codeOf(knock(undefined))).toBe('host.badToken');
    expect(door.clients()).toBe(0);
  });

  it('[H14] is closed to who calls before saying hello, and to who says nothing', async () => {
    const eager = await opened();
    eager.send(Buffer.from([0, 0, 0, 2, 123, 125]));
    await closed(eager);
    const silent = await opened();
    await closed(silent);
  });

  it('[H15] lets one client in at a time, and the next when it has gone', async () => {
    const first = await knock(token);
    expect(await first.client.app.echo('ok')).toBe('ok');
    expect(await codeOf(knock(token))).toBe('host.clientActive');
    expect(await first.client.app.echo('still')).toBe('still');
    first.close();
    await first.closed;
    await expect.poll(() => door.clients()).toBe(0);
    const second = await knock(token);
    second.close();
  });

  it('[H15] gives the place to who asks to take it over, and tells the one who was in', async () => {
    const first = await knock(token);
    const second = await connectContract(contract, webSocketTransport(await opened()), {
      token,
      takeOver: true,
    });
    expect((await first.closed)?.code).toBe('host.takenOver');
    expect(await second.client.app.echo('here')).toBe('here');
    const stranger = connectContract(contract, webSocketTransport(await opened()), {
      token: '0'.repeat(64),
      takeOver: true,
    });
    expect(await codeOf(stranger)).toBe('host.badToken');
    expect(await second.client.app.echo('still')).toBe('still');
    second.close();
  });

  it('[H16] is closed to a frame over the limit, before it is read', async () => {
    await expect.poll(() => door.clients()).toBe(0);
    const greedy = await opened();
    greedy.send(Buffer.alloc(MAX_FRAME_BYTES + 1));
    await closed(greedy);
  });
});
