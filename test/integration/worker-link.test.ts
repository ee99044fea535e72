import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorkerProcess } from '#electron/services/host/ports.ts';
import { spawnWorkerThread } from '#electron/services/host/spawn-worker-thread.ts';
import { WorkerLink } from '#electron/services/host/worker-link.ts';
import { logsContract } from '#shared/host/logs.ts';

describe('workers', () => {
  test('[H47] a worker that dies fails its calls with a clear code and is started anew', async () => {
    const spawned: WorkerProcess[] = [];
    const link = new WorkerLink({
      name: 'indexer',
      contract: logsContract,
      spawn: () => {
        const worker = spawnWorkerThread('indexer');
        spawned.push(worker);
        return worker;
      },
      monotonicMs: () => performance.now(),
    });
    const dir = await mkdtemp(join(tmpdir(), 'faultline-worker-'));
    await writeFile(join(dir, 'alarm.log'), 'a\n');
    const open = async (): Promise<string> =>
      (await (await link.client()).logs.open({ path: join(dir, 'alarm.log') })).logId;
    const follow = async (): Promise<void> => {
      const { logs } = await link.client();
      for await (const _ of logs.follow({ logId: await open() }));
    };
    try {
      await open();
      const following = follow();
      spawned[0]!.kill();
      await expect(following).rejects.toMatchObject({ code: 'host.workerGone' });
      await open();
      expect(spawned).toHaveLength(2);
    } finally {
      link.close();
      await rm(dir, { recursive: true, force: true });
    }
  });

  test('[H47] one that keeps dying is not started without a pause', async () => {
    let nowMs = 0;
    let starts = 0;
    const dead = (): WorkerProcess => {
      starts++;
      const worker = spawnWorkerThread('indexer');
      worker.kill();
      return worker;
    };
    const link = new WorkerLink({
      name: 'indexer',
      contract: logsContract,
      spawn: dead,
      monotonicMs: () => nowMs,
    });
    const attempt = (): Promise<unknown> => link.client();
    await expect(attempt()).rejects.toMatchObject({ code: 'host.workerGone' });
    await expect
      .poll(() =>
        attempt().then(
          () => 0,
          () => starts,
        ),
      )
      .toBe(2);
    for (let i = 0; i < 5; i++) await expect(attempt()).rejects.toMatchObject({ code: 'host.workerGone' });
    expect(starts).toBe(2);
    nowMs += 60_000;
    await expect(attempt()).rejects.toMatchObject({ code: 'host.workerGone' });
    expect(starts).toBe(3);
    link.close();
  });
});
