import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer } from '#server/start.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { startRoundRobinProxy, type RoundRobinProxy } from '#test/support/proxy.ts';
import { startServerProcess, type ServerProcess } from '#test/support/server-process.ts';
import { checksumOf, send, SyncDevice } from '#test/support/sync-device.ts';
import {
  beginUpload,
  comeBackElsewhere,
  patch,
  sendPart,
  tus,
  uploadInParts,
} from '#test/support/uploads.ts';
import { sha256 } from '#test/support/sha256.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Real processes on one database and one folder, and a balancer that never sends anybody to the same one twice. */
describe('Three servers on one PostgreSQL behind a balancer', () => {
  let postgres: Postgres;
  let folder: string;
  let nodes: ServerProcess[];
  let proxy: RoundRobinProxy;
  let flags: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-cluster-'));
    postgres = await startPostgres();
    flags = ['--port', '0', '--demo', '--data', folder, '--database-url', postgres.url];
    flags.push('--trusted-proxy', '127.0.0.0/8');
    // All at once: one migrates, the others wait for it.
    nodes = await Promise.all([1, 2, 3].map(() => startServerProcess(flags)));
    proxy = await startRoundRobinProxy(nodes.map(({ url }) => url));
  }, 120_000);
  afterAll(async () => {
    await proxy?.close();
    for (const { child } of nodes ?? []) if (child.exitCode === null) child.kill('SIGKILL');
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const urls = () => nodes.map(({ url }) => url) as [string, string, string];

  it('[SY73b] push on one, poke from another, pull from the third', async () => {
    const here = await SyncDevice.logIn(nodes[0]!.url, 'li.wei');
    const there = await SyncDevice.logIn(nodes[1]!.url, 'wang.fang');
    const response = await fetch(`${nodes[1]!.url}/v1/poke`, {
      headers: { authorization: `Bearer ${there.login.token}` },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('data: 0\n\n');
    const ids: string[] = [];
    const heard = { poke: false };
    const poked = reader.read().then(({ value }) => {
      heard.poke = true;
      return value;
    });
    // The node may have begun to listen only just now: the first poke may be lost, which a poll would mend.
    while (!heard.poke) {
      const event = here.event({ stream: 'probe/cluster' });
      ids.push(event.id);
      await here.push([event]);
    }
    expect(await poked).toMatch(/^data: \d+\n\n/);
    await reader.cancel();
    const third = await SyncDevice.logIn(nodes[2]!.url, 'li.wei');
    const lines = await third.pull();
    expect(third.receivedIds()).toEqual(ids);
    expect(lines).toContainEqual({
      k: 'checksum',
      scope: 'region/sz',
      count: ids.length,
      hash: checksumOf(ids),
    });
  }, 60_000);

  it('[SY73b] one login works on all, and each request may reach another node', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const from = proxy.served.length;
    for (let round = 0; round < 9; round++) {
      const event = device.event({ stream: `probe/round-${round}` });
      expect(await device.push([event])).toMatchObject({ verdicts: [{ verdict: 'accepted' }] });
      await device.pull();
    }
    expect(new Set(proxy.served.slice(from))).toEqual(new Set([0, 1, 2]));
    expect(new Set(device.receivedIds()).size).toBe(device.receivedIds().length);
  }, 60_000);

  it('[SY73b] an upload goes on over another node with each part', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(600_000);
    const path = await beginUpload(device, bytes);
    const from = proxy.served.length;
    await uploadInParts(device, path, bytes);
    expect(new Set(proxy.served.slice(from))).toEqual(new Set([0, 1, 2]));
    const receipt = await device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`);
    expect(receipt.body).toEqual({ sha256: sha256(bytes), size: 600_000, durable: true });
  }, 60_000);

  it('[SY73b] a writer on one node lets go when the same laptop comes back over another', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(300_000);
    await comeBackElsewhere(device, urls(), bytes);
    expect((await device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).status).toBe(200);
  }, 60_000);

  it('[SY73b] guessing is throttled over all nodes together', async () => {
    const logIn = (password: string) =>
      send(proxy.url, 'POST', '/v1/login', {
        user: 'zhang.min',
        password,
        device: { name: 'x', platform: 'x' },
      });
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await logIn('guess')).status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(6);
    expect(statuses.at(-1)).toBe(429);
    for (const { url } of nodes) {
      const answer = await send(
        url,
        'POST',
        '/v1/login',
        { user: 'zhang.min', password: 'demo', device: { name: 'x', platform: 'x' } },
        { 'x-forwarded-for': '127.0.0.1' },
      );
      expect(answer.status).toBe(429);
    }
  }, 60_000);

  it('[SY73b] one that is killed takes nothing with it: pushes and uploads go on over the others', async () => {
    const device = await SyncDevice.logIn(proxy.url, 'li.wei');
    const bytes = randomBytes(500_000);
    const path = await beginUpload(device, bytes);
    // The first node is in the middle of a part when it dies, and so holds the lock.
    const stuck = sendPart(nodes[0]!.url, device, path, bytes.subarray(0, 200_000));
    const events = Array.from({ length: 60 }, (_, n) => device.event({ stream: `probe/kill-${n % 5}` }));
    const accepted: string[] = [];
    let killed: Promise<void> | undefined;
    for (const event of events) {
      if (accepted.length === 20) killed = nodes[0]!.kill('SIGKILL');
      if (accepted.length === 40) proxy.setOut(0, true);
      // As a laptop does: no answer is no verdict, and the same event is offered again.
      for (;;) {
        const answer = await device
          .request('POST', '/v1/push', {
            epoch: device.epoch,
            device: device.login.deviceId,
            events: [event],
          })
          .catch(() => ({ status: 0, body: undefined }));
        if (answer.status !== 200) continue;
        expect(answer.body).toMatchObject({ verdicts: [{ id: event.id, verdict: 'accepted' }] });
        accepted.push(event.id);
        break;
      }
    }
    await killed;
    await stuck.ended;
    await stuck.giveUp();
    const head = await tus(device, 'HEAD', path);
    expect(head.status).toBe(200);
    const offset = Number(head.headers.get('upload-offset'));
    expect((await patch(device, path, offset, bytes.subarray(offset))).status).toBe(204);
    expect((await device.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).status).toBe(200);
    await device.pull();
    const received = device.receivedIds().filter((id) => accepted.includes(id));
    expect(received).toEqual(accepted);

    nodes[0] = await startServerProcess(flags);
    const back = await SyncDevice.logIn(nodes[0].url, 'li.wei', 'demo', { id: device.login.deviceId });
    await back.pull();
    expect(back.receivedIds()).toEqual(expect.arrayContaining(accepted));
  }, 120_000);

  it('[SY17] a server that could not hear the others for a while pokes all its devices', async () => {
    const databaseUrl = await postgres.createDatabase();
    const data = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    const server = await startServer({ databaseUrl, data, demo: true, logLevel: 'silent' });
    const sql = new Client({ connectionString: databaseUrl });
    try {
      const { login } = await SyncDevice.logIn(server.url, 'li.wei');
      const { body } = await fetch(`${server.url}/v1/poke`, {
        headers: { authorization: `Bearer ${login.token}` },
      });
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toBe('data: 0\n\n');
      await sql.connect();
      const listening = `query LIKE 'LISTEN %' AND datname = current_database()`;
      await vi.waitFor(async () => {
        const ended = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${listening}`;
        expect((await sql.query(ended)).rows).toHaveLength(1);
      });
      expect((await reader.read()).value).toBe('data: 1\n\n');
      await reader.cancel();
    } finally {
      await sql.end();
      await server.close();
      await rm(data, { recursive: true, force: true });
    }
  });

  it('[SY17] two in one process poke each other’s devices, and number one scope together', async () => {
    const databaseUrl = await postgres.createDatabase();
    const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'faultline-server-'))));
    const options = { databaseUrl, demo: true, logLevel: 'silent' };
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
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    }
  });
});
