import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startObjectStore, type ObjectStore } from '#test/support/object-store.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { startRoundRobinProxy, type RoundRobinProxy } from '#test/support/proxy.ts';
import { startServerProcess, type ServerProcess } from '#test/support/server-process.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import {
  beginUpload,
  comeBackElsewhere,
  patch,
  sendPart,
  tus,
  uploadInParts,
} from '#test/support/uploads.ts';
import { sha256 } from '#test/support/sha256.ts';

vi.setConfig({ testTimeout: 180_000 });

/** Real processes that share a database and a bucket and no folder, and a balancer that never sends anybody to the same one twice. */
describe('Three servers without a common folder', () => {
  let objects: ObjectStore;
  let postgres: Postgres;
  let bucket: string;
  let folder: string;
  let nodes: ServerProcess[];
  let proxy: RoundRobinProxy;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-cluster-'));
    [objects, postgres] = await Promise.all([startObjectStore(), startPostgres()]);
    bucket = await objects.createBucket();
    for (const [name, value] of Object.entries(objects.environment)) vi.stubEnv(name, value);
    vi.stubEnv('FAULTLINE_BLOBS', `s3://${bucket}`);
    const flagsOf = (name: string): string[] => {
      const place = ['--data', join(folder, name), '--database-url', postgres.url];
      return ['--port', '0', '--demo', ...place, '--trusted-proxy', '127.0.0.0/8'];
    };
    nodes = await Promise.all(['one', 'two', 'three'].map((name) => startServerProcess(flagsOf(name))));
    proxy = await startRoundRobinProxy(nodes.map(({ url }) => url));
  }, 240_000);
  afterAll(async () => {
    await proxy?.close();
    for (const { child } of nodes ?? []) if (child.exitCode === null) child.kill('SIGKILL');
    await postgres?.stop();
    await objects?.stop();
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  const urls = () => nodes.map(({ url }) => url) as [string, string, string];
  const direct = (device: SyncDevice, place: number): SyncDevice => device.at(nodes[place]!.url);

  it('[SY73c] an upload goes on over another node with each part, and each node has the whole', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(600_000);
    const path = await beginUpload(device, bytes);
    const from = proxy.served.length;
    await uploadInParts(device, path, bytes);
    expect(new Set(proxy.served.slice(from))).toEqual(new Set([0, 1, 2]));
    for (const place of [0, 1, 2]) {
      const { body } = await direct(device, place).request('GET', `/v1/blobs/${sha256(bytes)}`);
      expect(Buffer.compare(body as Buffer, bytes)).toBe(0);
    }
    expect((await objects.keys(bucket)).filter((key) => key.startsWith('uploads/'))).toEqual([]);
  });

  it('[SY73c] a segment that one node has cut is fetched from the others', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    await device.push([device.event({ stream: 'probe/cut' })]);
    const { body } = await direct(device, 0).request('GET', '/v1/bootstrap');
    const { segments } = body as { segments: { sha256: string }[] };
    expect(segments.length).toBeGreaterThan(0);
    for (const place of [1, 2]) {
      const fetched = await direct(device, place).request('GET', `/v1/segments/${segments[0]!.sha256}`);
      expect([fetched.status, sha256(fetched.body as Buffer)]).toEqual([200, segments[0]!.sha256]);
    }
  });

  it('[SY73c] a writer on one node lets go when the laptop comes back over another, and what had come is kept', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(300_000);
    await comeBackElsewhere(device, urls(), bytes);
    expect((await device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).body).toMatchObject({
      durable: true,
    });
  });

  it('[SY73c] a node that is killed in the middle of a part loses no more than that part', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(500_000);
    const path = await beginUpload(device, bytes);
    expect((await patch(direct(device, 1), path, 0, bytes.subarray(0, 200_000))).status).toBe(204);
    const stuck = sendPart(nodes[0]!.url, device, path, bytes.subarray(200_000, 300_000));
    await nodes[0]!.kill('SIGKILL');
    proxy.setOut(0, true);
    const offset = async (): Promise<number> =>
      Number((await tus(device, 'HEAD', path)).headers.get('upload-offset'));
    expect(await offset()).toBeGreaterThanOrEqual(200_000);
    const from = await offset();
    expect((await patch(device, path, from, bytes.subarray(from))).status).toBe(204);
    const { body } = await device.request('GET', `/v1/blobs/${sha256(bytes)}`);
    expect(Buffer.compare(body as Buffer, bytes)).toBe(0);
    await stuck.giveUp();
  });

  it('[SY70f] no output of a server names the credentials', () => {
    for (const node of nodes) expect(node.output()).not.toMatch(/kept-out-of-every-log|faultline:server/);
  });
});
