import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderLocked, lockDataFolder } from './data-lock.ts';

describe('The lock of a data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const leave = async (change: object): Promise<void> => {
    const unlock = await lockDataFolder(folder);
    const path = join(folder, 'server.lock');
    const owner = JSON.parse(await readFile(path, 'utf8')) as object;
    await unlock();
    await writeFile(path, JSON.stringify({ ...owner, ...change }));
  };

  it('[SY30] is held by one, and free again afterwards', async () => {
    const unlock = await lockDataFolder(folder);
    await expect(lockDataFolder(folder)).rejects.toThrow(/Another Faultline server \(process \d+ on /);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lockDataFolder(folder)
    )();
  });

  it('[SY30] is refused without writing anything, as on a full disk', async () => {
    const unlock = await lockDataFolder(folder);
    const { mtimeNs } = await stat(folder, { bigint: true });
    await expect(lockDataFolder(folder)).rejects.toThrow(DataFolderLocked);
    expect((await stat(folder, { bigint: true })).mtimeNs).toBe(mtimeNs);
    await unlock();
  });

  it('[SY30] is taken over from a process that is gone', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.once('exit', resolve));
    await leave({ pid: child.pid });
    await (
      await lockDataFolder(folder)
    )();
  });

  it.runIf(process.platform === 'linux')(
    '[SY30] is taken over when the process id belongs to another by now',
    async () => {
      await leave({ startedAt: '1' });
      await (
        await lockDataFolder(folder)
      )();
    },
  );

  it('[SY30] is believed when its owner is on another machine, or cannot be read', async () => {
    await leave({ host: 'another-machine' });
    await expect(lockDataFolder(folder)).rejects.toThrow(DataFolderLocked);
    for (const torn of ['torn', '{}', JSON.stringify({ nonce: '../x', pid: 1, host: '', startedAt: '' })]) {
      await writeFile(join(folder, 'server.lock'), torn);
      await expect(lockDataFolder(folder)).rejects.toThrow(DataFolderLocked);
    }
  });

  it('[SY30] is taken over although processes died while they took it over', async () => {
    await leave({ startedAt: '1' });
    const path = join(folder, 'server.lock');
    const owner = JSON.parse(await readFile(path, 'utf8')) as { nonce: string };
    const heirOf = (nonce: string): string => `${path}.heir-of-${nonce}`;
    const [first, second] = [randomUUID(), randomUUID()];
    await writeFile(heirOf(owner.nonce), JSON.stringify({ ...owner, nonce: first }));
    await writeFile(heirOf(first), JSON.stringify({ ...owner, nonce: second }));
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataFolder(folder)));
    const [taken, ...more] = outcomes.filter((one) => one.status === 'fulfilled');
    expect(more).toEqual([]);
    expect(await readdir(folder)).toEqual(['server.lock']);
    await taken!.value();
    expect(await readdir(folder)).toEqual([]);
  });

  it('[SY30] is refused while another process takes it over', async () => {
    await leave({ startedAt: '1' });
    const path = join(folder, 'server.lock');
    const dead = JSON.parse(await readFile(path, 'utf8')) as { nonce: string };
    const unlock = await lockDataFolder(folder);
    const living = await readFile(path, 'utf8');
    await unlock();
    await writeFile(path, JSON.stringify(dead));
    await writeFile(`${path}.heir-of-${dead.nonce}`, living);
    await expect(lockDataFolder(folder)).rejects.toThrow(/just starting/);
  });

  it('[SY30] goes to one of many that come at once, also over a dead one', async () => {
    await leave({ startedAt: '1' });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataFolder(folder)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
