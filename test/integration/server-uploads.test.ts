import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemTimers } from '#electron/services/sync/engine-ports.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { tusUpload } from '#electron/services/sync/tus-upload.ts';
import { codeOf } from '#test/support/login-device.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';
import { beginUpload, patch, tus, type TusAnswer } from '#test/support/uploads.ts';
import { sha256 } from '#test/support/sha256.ts';

const DAY = 24 * 3_600_000;

vi.setConfig({ testTimeout: 90_000 });

describe.each(DATABASES)('Uploads to a server on %s', (kind) => {
  let server: TestServer;
  let device: SyncDevice;
  let clock = Date.now();

  beforeAll(async () => {
    server = await TestServer.start(kind, {
      demo: true,
      now: () => clock,
      tokenTtlMs: 365 * DAY,
      maxBlobBytes: 1024 * 1024,
      uploads: { perDevice: 3, bytesPerDevice: 2 * 1024 * 1024 },
    });
    device = await SyncDevice.logIn(server.url, 'li.wei');
  });
  afterAll(() => server?.close());

  const receipt = (bytes: Uint8Array) => device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`);
  const offsetOf = (answer: TusAnswer): number => Number(answer.headers.get('upload-offset'));
  const bytesOf = async (path: string): Promise<number> =>
    (await stat(join(server.folder, 'uploads', 'main', path.split('/').at(-1)!))).size;
  const underWay = async (): Promise<string[]> =>
    readdir(join(server.folder, 'uploads', 'main')).catch(() => []);

  it('[SY70] go on from where they stopped, are verified and leave a receipt', async () => {
    const bytes = randomBytes(300_000);
    expect(codeOf(await receipt(bytes))).toEqual([404, 'blob.missing']);
    const path = await beginUpload(device, bytes);
    expect(path).toMatch(/^\/v1\/uploads\/[A-Za-z0-9_-]{32}$/);
    const first = await patch(device, path, 0, bytes.subarray(0, 100_000));
    expect([first.status, offsetOf(first)]).toEqual([204, 100_000]);
    const head = await tus(device, 'HEAD', path);
    expect([head.status, offsetOf(head), head.headers.get('upload-length')]).toEqual([
      200,
      100_000,
      '300000',
    ]);
    expect(head.headers.get('access-control-allow-origin')).toBeNull();
    expect(head.headers.get('tus-resumable')).toBe('1.0.0');
    expect((await patch(device, path, 100_000, bytes.subarray(100_000))).status).toBe(204);
    expect((await receipt(bytes)).body).toEqual({
      sha256: sha256(bytes),
      size: 300_000,
      durable: true,
    });
    const { body } = await device.request('GET', `/v1/blobs/${sha256(bytes)}`);
    expect(Buffer.compare(body as Buffer, bytes)).toBe(0);
    expect(codeOf(await tus(device, 'HEAD', path))).toEqual([404, undefined]);
    expect(codeOf(await patch(device, path, 300_000, Buffer.alloc(0)))).toEqual([404, 'upload.unknown']);
    expect(await underWay()).toEqual([]);
  });

  it('[SY70] say at once what the server already has, within the tenant', async () => {
    const bytes = randomBytes(1000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const known = await tus(device, 'POST', '/v1/uploads', {
      'upload-length': '1000',
      ...meta(sha256(bytes)),
    });
    expect(codeOf(known)).toEqual([409, 'blob.known']);
    await server.addAccount({
      tenant: 'other',
      id: 'li.wei',
      name: 'Namesake',
      password: 'p',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    const stranger = await SyncDevice.logIn(server.url, 'li.wei', 'p', {}, 'other');
    const path = await beginUpload(stranger, bytes);
    expect((await tus(stranger, 'DELETE', path)).status).toBe(204);
  });

  it('[SY70] take an empty attachment, and one in a single request', async () => {
    const nothing = Buffer.alloc(0);
    await beginUpload(device, nothing);
    expect((await receipt(nothing)).body).toMatchObject({ size: 0, durable: true });
    const bytes = randomBytes(2000);
    const whole = await tus(
      device,
      'POST',
      '/v1/uploads',
      {
        'upload-length': '2000',
        'content-type': 'application/offset+octet-stream',
        ...meta(sha256(bytes)),
      },
      bytes,
    );
    expect([whole.status, offsetOf(whole)]).toEqual([201, 2000]);
    expect((await receipt(bytes)).body).toMatchObject({ size: 2000 });
    expect(await underWay()).toEqual([]);
  });

  it('[SY71] with the wrong content are refused and gone', async () => {
    const announced = randomBytes(5000);
    const path = await beginUpload(device, announced);
    expect(codeOf(await patch(device, path, 0, randomBytes(5000)))).toEqual([422, 'blob.wrongHash']);
    expect((await tus(device, 'HEAD', path)).status).toBe(404);
    expect((await receipt(announced)).status).toBe(404);
    expect(await underWay()).toEqual([]);
    expect(await readdir(join(server.folder, 'blobs', 'incoming'))).toEqual([]);
  });

  it('[SY71] that were cut off after the last byte are finished by an empty request', async () => {
    const bytes = randomBytes(5000);
    const path = await beginUpload(device, bytes);
    await patch(device, path, 0, bytes.subarray(0, 4000));
    // As a crash between the last byte and the verification leaves it.
    await writeFile(join(server.folder, 'uploads', 'main', path.split('/').at(-1)!), bytes);
    expect(offsetOf(await tus(device, 'HEAD', path))).toBe(5000);
    const twice = await Promise.all([0, 1].map(() => patch(device, path, 5000, Buffer.alloc(0))));
    expect(twice.some(({ status }) => status === 204)).toBe(true);
    expect((await receipt(bytes)).body).toMatchObject({ size: 5000, durable: true });
  });

  it('[SY71] that were cut off after the last byte are finished by the laptop that comes back', async () => {
    const bytes = randomBytes(5000);
    const id = (await beginUpload(device, bytes)).split('/').at(-1)!;
    await writeFile(join(server.folder, 'uploads', 'main', id), bytes);
    const path = join(server.folder, 'on the laptop');
    await writeFile(path, bytes);
    await tusUpload({
      line: new ServerClient(server.url, device.login.token),
      sha256: sha256(bytes),
      path,
      size: bytes.length,
      id,
      monotonicMs: () => performance.now(),
      timers: systemTimers,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    expect((await receipt(bytes)).body).toMatchObject({ size: 5000, durable: true });
  });

  it('[SY72] belong to one device of one user, and their names lead nowhere else', async () => {
    const bytes = randomBytes(5000);
    const path = await beginUpload(device, bytes);
    const colleague = await SyncDevice.logIn(server.url, 'wang.fang');
    const secondLaptop = await SyncDevice.logIn(server.url, 'li.wei');
    for (const other of [colleague, secondLaptop]) {
      for (const method of ['HEAD', 'DELETE']) expect((await tus(other, method, path)).status).toBe(404);
      expect(codeOf(await patch(other, path, 0, bytes))).toEqual([404, 'upload.unknown']);
    }
    await writeFile(join(server.folder, 'secret'), 'secret');
    for (const id of [
      '..%2F..%2Fsecret',
      '%2e%2e%2fsecret',
      'main%2Fx',
      '..',
      'a'.repeat(31),
      '%00',
      'x%5C..',
    ]) {
      for (const method of ['HEAD', 'DELETE', 'PATCH']) {
        const answer =
          method === 'PATCH'
            ? await patch(device, `/v1/uploads/${id}`, 0, Buffer.from('x'))
            : await tus(device, method, `/v1/uploads/${id}`);
        expect([id, method, answer.status]).toEqual([id, method, 404]);
      }
    }
    expect(await readFile(join(server.folder, 'secret'), 'utf8')).toBe('secret');
    expect((await fetch(`${server.url}${path}`, { method: 'HEAD' })).status).toBe(401);
    expect((await tus(device, 'DELETE', path)).status).toBe(204);
    expect(await underWay()).toEqual([]);
  });

  it('[SY72] are bounded in size, number and announced bytes, and malformed ones refused', async () => {
    const begin = (headers: Record<string, string>) => tus(device, 'POST', '/v1/uploads', headers);
    const hash = (): string => sha256(randomBytes(8));
    expect(codeOf(await begin({ 'upload-length': String(1024 * 1024 + 1), ...meta(hash()) }))).toEqual([
      413,
      'blob.tooLarge',
    ]);
    expect(codeOf(await begin({ 'upload-length': '5' }))).toEqual([400, 'blob.badName']);
    expect(codeOf(await begin({ 'upload-length': '5', ...meta('../../etc/passwd') }))).toEqual([
      400,
      'blob.badName',
    ]);
    expect(codeOf(await begin({ 'upload-length': '-5', ...meta(hash()) }))).toEqual([
      400,
      'upload.malformed',
    ]);
    expect(codeOf(await begin({ 'upload-defer-length': '1', ...meta(hash()) }))).toEqual([
      400,
      'upload.malformed',
    ]);
    expect(codeOf(await begin({ ...meta(hash()), 'tus-resumable': '0.2.2', 'upload-length': '5' }))).toEqual([
      400,
      'upload.malformed',
    ]);
    const path = await beginUpload(device, randomBytes(5000));
    expect(codeOf(await patch(device, path, 0, randomBytes(5001)))).toEqual([413, 'blob.tooLarge']);
    expect(codeOf(await patch(device, path, 4, randomBytes(10)))).toEqual([409, 'upload.wrongOffset']);
    const large = [path, await beginUpload(device, Buffer.alloc(1024 * 1024, 1))];
    expect(codeOf(await begin({ 'upload-length': String(1024 * 1024), ...meta(hash()) }))).toEqual([
      429,
      'upload.tooMany',
    ]);
    large.push(await beginUpload(device, randomBytes(10)));
    const many = await Promise.all(
      Array.from({ length: 5 }, () => begin({ 'upload-length': '10', ...meta(hash()) })),
    );
    expect(many.map(({ status }) => status)).toEqual([429, 429, 429, 429, 429]);
    expect(many[0]!.headers.get('retry-after')).toBe('60');
    for (const each of large) await tus(device, 'DELETE', each);
  });

  it('[SY72] that nobody goes on with for three weeks are given up', async () => {
    const abandoned = await beginUpload(device, randomBytes(5000));
    clock += 15 * DAY;
    const touched = await beginUpload(device, randomBytes(5000));
    clock += 10 * DAY;
    expect((await tus(device, 'HEAD', abandoned)).status).toBe(404);
    expect((await tus(device, 'HEAD', touched)).status).toBe(200);
    await tus(device, 'DELETE', touched);
    expect(await underWay()).toEqual([]);
  });

  it('[SY73] are not locked out by their own half-open connection', async () => {
    const bytes = randomBytes(400_000);
    const path = await beginUpload(device, bytes);
    // The laptop's network dies: the server's socket stays open, and nothing comes any more.
    const dead = await halfOpenPatch(device, path, bytes.subarray(0, 150_000), bytes.length);
    try {
      await expect.poll(() => bytesOf(path)).toBe(150_000);
      const started = performance.now();
      const head = await tus(device, 'HEAD', path);
      expect([head.status, offsetOf(head)]).toEqual([200, 150_000]);
      expect(performance.now() - started).toBeLessThan(6_000);
      expect((await patch(device, path, 150_000, bytes.subarray(150_000))).status).toBe(204);
      expect((await receipt(bytes)).body).toMatchObject({ size: 400_000, durable: true });
    } finally {
      dead.destroy();
    }
  });

  it('[SY73] keep what came before the connection broke', async () => {
    const bytes = randomBytes(400_000);
    const path = await beginUpload(device, bytes);
    const socket = await halfOpenPatch(device, path, bytes.subarray(0, 150_000), bytes.length);
    await expect.poll(() => bytesOf(path)).toBe(150_000);
    socket.destroy();
    await expect
      .poll(async () => offsetOf(await tus(device, 'HEAD', path)), { timeout: 10_000 })
      .toBe(150_000);
    await tus(device, 'DELETE', path);
  });
});

function meta(sha: string): Record<string, string> {
  return { 'upload-metadata': `sha256 ${Buffer.from(sha).toString('base64')}` };
}

/** Sends the head of a PATCH and a part of its body, and then nothing. */
async function halfOpenPatch(
  device: SyncDevice,
  path: string,
  part: Uint8Array,
  announced: number,
): Promise<Socket> {
  const { hostname, port } = new URL(device.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  const head = [
    `PATCH ${path} HTTP/1.1`,
    `Host: ${hostname}`,
    `Authorization: Bearer ${device.login.token}`,
    'Tus-Resumable: 1.0.0',
    'Upload-Offset: 0',
    'Content-Type: application/offset+octet-stream',
    `Content-Length: ${announced}`,
  ];
  await new Promise<void>((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n`, () => resolve()));
  await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  return socket;
}
