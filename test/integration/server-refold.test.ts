import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type RunningServer } from '#server/start.ts';
import { probeDomain } from '#test/support/probe-domain.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { SyncDevice } from '#test/support/sync-device.ts';

describe('A server that folds everything anew beside one that was not stopped', () => {
  let postgres: Postgres;
  let folder: string;
  const running: RunningServer[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-refold-'));
    postgres = await startPostgres();
  }, 120_000);
  afterAll(async () => {
    for (const server of running) await server.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const start = async (domainFingerprint: string): Promise<RunningServer> => {
    const server = await startServer({
      data: folder,
      databaseUrl: postgres.url,
      demo: true,
      logLevel: 'silent',
      domain: probeDomain,
      domainFingerprint,
    });
    running.push(server);
    return server;
  };

  it('[SY74c] starts, and what the other one takes in meanwhile stands in the rows once', async () => {
    const older = await start('one');
    const device = await SyncDevice.logIn(older.url, 'li.wei');
    const before = device.event({ stream: 'probe/before' });
    await device.push([before]);
    const client = new Client({ connectionString: postgres.url });
    const watcher = new Client({ connectionString: postgres.url });
    await client.connect();
    await watcher.connect();
    const waiters = async (): Promise<number> =>
      (
        await watcher.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'`,
        )
      ).rows[0]!.n;
    try {
      await client.query('BEGIN');
      // The rows are gone by now, the events not read yet.
      await client.query('LOCK TABLE segments IN ACCESS EXCLUSIVE MODE');
      const newer = start('two');
      while ((await waiters()) < 1);
      const fact = device.event({ stream: 'probe/meanwhile' });
      let isPushed = false;
      const pushed = device.push([fact]).then((answer) => {
        isPushed = true;
        return answer;
      });
      while (!isPushed && (await waiters()) < 2);
      await client.query('COMMIT');
      await newer;
      expect((await pushed).verdicts).toMatchObject([{ verdict: 'accepted' }]);
      expect((await device.entity('probe/before')).map(({ id }) => id)).toEqual([before.id]);
      expect((await device.entity('probe/meanwhile')).map(({ id }) => id)).toEqual([fact.id]);
    } finally {
      await client.end();
      await watcher.end();
    }
  });
});
