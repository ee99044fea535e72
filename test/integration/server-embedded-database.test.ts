import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPglite } from '#server/db/open-pglite.ts';
import { startServer } from '#server/start.ts';
import type { DomainPort } from '#server/sync/domain.ts';
import { foldEntity } from '#shared/domain/projection.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { runServerCommand, startServerProcess, type ServerProcess } from '#test/support/server-process.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { sha256 } from '#test/support/sha256.ts';

/** A server of the time before there were tickets. */
const ignorant: DomainPort = {
  fault: () => undefined,
  touches: ({ stream }) => [stream],
  evolve: () => ({}),
};
describe('The embedded database', () => {
  it('[SY27] keeps everything over a restart and over kill -9, and opens for one server only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    const started: ServerProcess[] = [];
    const start = async (): Promise<ServerProcess> => {
      const server = await startServerProcess(['--port', '0', '--data', folder, '--demo', '--log', 'trace']);
      started.push(server);
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
      await first.kill('SIGKILL');

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
      await second.kill('SIGTERM');
      expect(second.child.exitCode).toBe(0);

      const third = await startServer({ data: folder, logLevel: 'silent' });
      const again = await SyncDevice.logIn(third.url, 'li.wei', 'demo', { id: device.login.deviceId });
      await again.pull();
      expect(again.receivedIds()).toEqual(events.map(({ id }) => id));
      await third.close();
    } finally {
      for (const { child } of started) if (child.exitCode === null) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('[SY29] folds all rows anew when it has learnt new event types', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    try {
      await placeEmptyDatabase(folder);
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
      await placeEmptyDatabase(folder);
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
      const short = await runServerCommand([...flags, '--password-stdin'], 'sesame\n');
      expect(short.code).not.toBe(0);
      expect((await runServerCommand([...flags, '--password-stdin'], 'open sesame\n')).code).toBe(0);
      const server = await startServer({ data: folder, logLevel: 'silent' });
      const { login } = await SyncDevice.logIn(server.url, 'chen.gong', 'open sesame');
      expect(login).toMatchObject({ homeRegion: 'gz', roles: ['engineer'], deviceCode: 'GZ01' });
      await server.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);

  it('[SY27] lets everything else go on between the statements of a long transaction', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-pglite-'));
    await placeEmptyDatabase(folder);
    const database = await openPglite(join(folder, 'database'));
    try {
      let turns = 0;
      let isBusy = true;
      const turn = (): void => {
        turns++;
        if (isBusy) setTimeout(turn);
      };
      setTimeout(turn);
      const began = performance.now();
      await database.transaction('write', async (sql) => {
        for (let n = 0; n < 400; n++) await sql.query('SELECT count(*) FROM pg_class');
      });
      isBusy = false;
      // At least one in 50 ms; without a turn of the event loop in between there is none but the first.
      expect(turns).toBeGreaterThan((performance.now() - began) / 50);
    } finally {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
