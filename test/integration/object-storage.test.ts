import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStorage } from '#server/blobs/storage.ts';
import { openData, openRawData, type DataOptions } from '#server/open-data.ts';
import { restoreBackup } from '#server/ops/backup/restore-backup.ts';
import { operate } from '#server/ops/open-place.ts';
import { removeUnknown } from '#server/ops/sweep-segments.ts';
import { startServer, type RunningServer, type ServerOptions } from '#server/start.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { startObjectStore, type ObjectStore } from '#test/support/object-store.ts';
import { runServerCommand } from '#test/support/server-process.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';
import { beginUpload, codeOf, patch, tus } from '#test/support/uploads.ts';
import { sha256 } from '#test/support/sha256.ts';

vi.setConfig({ testTimeout: 180_000 });

let objects: ObjectStore;
let proxy: TcpProxy;
let bucket: string;
let folder: string;
let log: string;
const running: RunningServer[] = [];

beforeAll(async () => {
  objects = await startObjectStore();
}, 180_000);
afterAll(() => objects?.stop());
beforeEach(async () => {
  bucket = await objects.createBucket();
  proxy = await startTcpProxy(objects.url);
  for (const [name, value] of Object.entries(objects.environment)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.url);
  folder = await mkdtemp(join(tmpdir(), 'faultline-objects-server-'));
  log = '';
});
afterEach(async () => {
  proxy.set({ k: 'open' });
  for (const server of running.splice(0)) await server.close();
  await proxy.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const logTo = new Writable({
  write(chunk: Buffer, _encoding, done) {
    log += chunk.toString();
    done();
  },
});

async function start(options: Partial<ServerOptions> = {}, name = 'data'): Promise<RunningServer> {
  const data = join(folder, name);
  if (!(await readdir(data).catch(() => undefined))) await placeEmptyDatabase(data);
  const server = await startServer({ data, blobs: address(), demo: true, logTo, ...options });
  running.push(server);
  return server;
}
async function stop(server: RunningServer): Promise<void> {
  running.splice(running.indexOf(server), 1);
  await server.close();
}
const address = (): string => `s3://${bucket}/faultline`;
const keyOf = (bytes: Uint8Array): string =>
  `faultline/blobs/main/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`;
const filesIn = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
};

describe('A server whose attachments lie in a bucket', () => {
  it('[SY70d] stores, receipts and gives back, and leaves nothing on its own disk', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const [whole, inParts] = [randomBytes(300_000), randomBytes(20_000_000)];
    const put = await device.request('PUT', `/v1/blobs/${sha256(whole)}`, whole);
    expect(put.body).toEqual({ sha256: sha256(whole), size: whole.length, durable: true });
    const path = await beginUpload(device, inParts);
    expect((await patch(device, path, 0, inParts.subarray(0, 19_000_000))).status).toBe(204);
    expect((await tus(device, 'HEAD', path)).headers.get('upload-offset')).toBe('19000000');
    // More than one object of one request, and no name for the whole yet.
    expect((await objects.keys(bucket)).filter((key) => key.includes('/uploads/')).length).toBeGreaterThan(1);
    expect((await device.request('GET', `/v1/blobs/${sha256(inParts)}/receipt`)).status).toBe(404);
    expect((await patch(device, path, 19_000_000, inParts.subarray(19_000_000))).status).toBe(204);
    const receipt = await device.request('GET', `/v1/blobs/${sha256(inParts)}/receipt`);
    expect(receipt.body).toEqual({ sha256: sha256(inParts), size: inParts.length, durable: true });
    for (const bytes of [whole, inParts]) {
      const { body } = await device.request('GET', `/v1/blobs/${sha256(bytes)}`);
      expect(Buffer.compare(body as Buffer, bytes)).toBe(0);
    }
    expect((await objects.keys(bucket)).toSorted()).toEqual([keyOf(whole), keyOf(inParts)].toSorted());
    expect(await filesIn(join(folder, 'data', 'scratch'))).toEqual([]);
    for (const name of ['blobs', 'segments', 'uploads'])
      expect(await filesIn(join(folder, 'data', name))).toEqual([]);
  });

  it('[SY71] gives wrong content no name, and an upload of it is gone', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const announced = randomBytes(5000);
    const wrong = await device.request('PUT', `/v1/blobs/${sha256(announced)}`, randomBytes(5000));
    expect(wrong).toMatchObject({ status: 422, body: { code: 'blob.wrongHash' } });
    const path = await beginUpload(device, announced);
    expect(codeOf(await patch(device, path, 0, randomBytes(5000)))).toEqual([422, 'blob.wrongHash']);
    expect((await tus(device, 'HEAD', path)).status).toBe(404);
    expect((await tus(device, 'DELETE', await beginUpload(device, announced))).status).toBe(204);
    expect(await objects.keys(bucket)).toEqual([]);
  });

  it('[SY70d] makes segments there, and removes those that no row knows', async () => {
    const server = await start({ bootstrap: { rows: 2 } });
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.push([1, 2, 3].map((n) => device.event({ stream: `probe/${n}` })));
    const { body } = await device.request('GET', '/v1/bootstrap');
    const { segments } = body as { segments: { sha256: string; bytes: number }[] };
    expect(segments.length).toBeGreaterThan(1);
    for (const segment of segments) {
      const fetched = await device.request('GET', `/v1/segments/${segment.sha256}`);
      expect([fetched.status, sha256(fetched.body as Buffer)]).toEqual([200, segment.sha256]);
    }
    await stop(server);
    const leftover = randomBytes(100);
    const storage = await openStorage(join(folder, 'data'), address());
    const key = `faultline/segments/main/${sha256(leftover).slice(0, 2)}/${sha256(leftover)}`;
    await objects.overwrite(bucket, key, leftover);
    const data = await openData({ data: join(folder, 'data'), blobs: address() });
    expect(await removeUnknown(data.database, data.storage.segments, 0)).toBe(0);
    expect(await removeUnknown(data.database, data.storage.segments, Infinity)).toBe(1);
    await data.close();
    await storage.close();
    const kept = (await objects.keys(bucket)).filter((name) => name.includes('/segments/'));
    expect(kept.length).toBe(new Set(segments.map((segment) => segment.sha256)).size);
  });

  it('[SY70e] calls nothing stored while the store is away, takes facts all the same, and goes on by itself', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const [before, bytes] = [randomBytes(1000), randomBytes(50_000)];
    await device.request('PUT', `/v1/blobs/${sha256(before)}`, before);
    const path = await beginUpload(device, bytes);
    proxy.set({ k: 'refused' });
    const away = { status: 503, body: { code: 'storage.unavailable' } };
    const refused = await Promise.all([
      device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes),
      device.request('GET', `/v1/blobs/${sha256(before)}/receipt`),
      device.request('GET', `/v1/blobs/${sha256(before)}`),
      patch(device, path, 0, bytes),
    ]);
    expect(refused).toMatchObject([away, away, away, away]);
    expect(JSON.stringify(refused.map(({ body }) => body))).not.toContain(bucket);
    const event = device.event({ stream: 'probe/meanwhile' });
    expect(await device.push([event])).toMatchObject({ verdicts: [{ verdict: 'accepted' }] });
    const readiness = async (): Promise<{ status: string; checks: { storage: string } }> =>
      (await fetch(`${server.url}/readyz`)).json() as never;
    await expect.poll(async () => (await readiness()).checks.storage, { timeout: 30_000 }).toContain(bucket);
    expect((await readiness()).status).toBe('ready');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^faultline_storage_up 0$/m);
    expect(Number(/^faultline_storage_failed_requests (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(4);

    proxy.set({ k: 'open' });
    await expect.poll(async () => (await readiness()).checks.storage, { timeout: 30_000 }).toBe('ok');
    const offset = Number((await tus(device, 'HEAD', path)).headers.get('upload-offset'));
    expect((await patch(device, path, offset, bytes.subarray(offset))).status).toBe(204);
    expect((await device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).body).toMatchObject({
      durable: true,
    });
    expect(log).toContain('does not answer');
    expect(log).not.toMatch(/kept-out-of-every-log|faultline:server/);
  });

  it('[SY70d] never gives out what was changed in the bucket, and check and backup name it', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const [good, changed, lost] = [randomBytes(1000), randomBytes(200_000), randomBytes(1000)];
    for (const bytes of [good, changed, lost])
      await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    await objects.overwrite(bucket, keyOf(changed), randomBytes(200_000));
    await objects.remove(bucket, keyOf(lost));
    const read = async (): Promise<unknown> => {
      const response = await fetch(`${server.url}/v1/blobs/${sha256(changed)}`, {
        headers: { authorization: `Bearer ${device.login.token}` },
      });
      return (await response.arrayBuffer()).byteLength;
    };
    await expect(read()).rejects.toThrow();
    expect((await device.request('GET', `/v1/blobs/${sha256(lost)}/receipt`)).status).toBe(404);

    const place = { data: join(folder, 'data'), blobs: address() };
    expect(await operate(place, 'check', {})).toMatchObject({
      blobs: 3,
      troubles: expect.arrayContaining([
        expect.stringMatching(`${sha256(changed)} has changed`),
        expect.stringMatching(`${sha256(lost)} has no file`),
      ]),
    });
    const file = join(folder, 'backup.gz');
    expect(await operate(place, 'backup', { file })).toMatchObject({
      blobs: 1,
      missingBlobs: [`main/${sha256(lost)}`],
      damagedBlobs: [`main/${sha256(changed)}`],
    });
    // A backup with what was changed in it could not be restored at all.
    await restore({ data: join(folder, 'drill') }, file);
    // The right bytes mend it.
    await device.request('PUT', `/v1/blobs/${sha256(changed)}`, changed);
    expect(await read()).toBe(changed.length);
  });

  it('[SY74] is backed up and restored from bucket to folder and back, and exported', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(700_000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const [first, second] = [join(folder, 'first.gz'), join(folder, 'second.gz')];
    const source = { data: join(folder, 'data'), blobs: address() };
    expect(await operate(source, 'backup', { file: first })).toMatchObject({ blobs: 1, missingBlobs: [] });
    const exported = join(folder, 'export');
    const summary = await operate(source, 'export', { folder: exported });
    expect(summary).toMatchObject({ attachments: 1, lostAttachments: [] });
    const copy = join(exported, 'main', 'attachments', sha256(bytes).slice(0, 2), sha256(bytes));
    expect(Buffer.compare(await readFile(copy), bytes)).toBe(0);

    const onDisk = await restore({ data: join(folder, 'on-disk') }, first);
    expect(await operate(onDisk, 'backup', { file: second })).toMatchObject({ blobs: 1, missingBlobs: [] });
    const other = `s3://${await objects.createBucket()}`;
    const target = await restore({ data: join(folder, 'again'), blobs: other }, second);
    expect(await operate(target, 'check', {})).toMatchObject({ blobs: 1, troubles: [] });
  });

  it('[SY70e] is restored with all attachments or not at all', async () => {
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(1000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const file = join(folder, 'backup.gz');
    await operate({ data: join(folder, 'data'), blobs: address() }, 'backup', { file });
    proxy.set({ k: 'refused' });
    const place = { data: join(folder, 'none'), blobs: address() };
    await expect(restore(place, file)).rejects.toThrow(/does not answer/);
    const data = await openRawData(place);
    const tables = await data.database.query(`SELECT 1 FROM pg_tables WHERE tablename = 'tenants'`);
    await data.close();
    expect(tables).toEqual([]);
  });
});

async function restore(place: DataOptions & { data: string }, file: string): Promise<DataOptions> {
  await placeEmptyDatabase(place.data);
  const data = await openRawData(place);
  try {
    const target = { database: data.database, blobs: data.storage.attachments };
    await restoreBackup(target, file, false);
    return place;
  } finally {
    await data.close();
  }
}

describe('A server that is started on a bucket', () => {
  it('[SY70f] does not start on a bucket that is wrong, and says what is, without credentials', async () => {
    await expect(start({ blobs: 's3://no-such-bucket' })).rejects.toThrow(/no bucket "no-such-bucket"/);
    await expect(start({ blobs: 'bucket' })).rejects.toThrow(/s3:\/\/bucket\/prefix/);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-wrong-secret');
    const said = await start().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(said).toMatch(/credentials/);
    expect(said).not.toMatch(/wrong-secret|faultline:server/);
  });

  it('[SY70e] starts while the store is away, so that facts come in', async () => {
    proxy.set({ k: 'refused' });
    const server = await start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    expect(await device.push([device.event({ stream: 'probe/first' })])).toMatchObject({
      verdicts: [{ verdict: 'accepted' }],
    });
    expect(log).toContain('does not answer');
  });

  it('[SY70f] takes the bucket from the environment, and loads nothing for it without one', async () => {
    vi.stubEnv('FAULTLINE_BLOBS', 's3://no-such-bucket');
    await placeEmptyDatabase(join(folder, 'asked'));
    const asked = await runServerCommand(['check', '--data', join(folder, 'asked')]);
    expect(asked.code).toBe(0);
    vi.stubEnv('FAULTLINE_BLOBS', 'no address');
    const refused = await runServerCommand(['check', '--data', join(folder, 'asked')]);
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('FAULTLINE_BLOBS')]);
    const sources = await Promise.all(
      ['storage.ts', 'storage-failure.ts', 'content-store.ts', 'upload-bytes.ts'].map((name) =>
        readFile(new URL(`../../server/blobs/${name}`, import.meta.url), 'utf8'),
      ),
    );
    expect(sources.join('')).not.toMatch(/^import .*(s3\/|@aws-sdk)/m);
  });
});
