import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkBackup } from '#server/ops/backup/restore-backup.ts';
import type { ServerOptions } from '#server/start.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { OperatedServers } from '#test/support/operated-servers.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { runServerCommand } from '#test/support/server-process.ts';
import { checksumOf, SyncDevice } from '#test/support/sync-device.ts';
import { sha256 } from '#test/support/sha256.ts';

/** Processes are started, certificates made, databases created: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

let servers: OperatedServers;
beforeEach(async () => {
  servers = await OperatedServers.make();
});
afterEach(() => servers.remove());

describe.each([
  ['PGlite', 'PostgreSQL'],
  ['PostgreSQL', 'PGlite'],
] as const)('A backup from %s to %s', (from, to) => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: ['fsync=off'] });
  });
  afterAll(() => postgres?.stop());

  const placeOf = async (kind: 'PGlite' | 'PostgreSQL', name: string): Promise<string[]> => {
    const data = ['--data', join(servers.folder, name)];
    return kind === 'PGlite' ? data : [...data, '--database-url', await postgres.createDatabase()];
  };
  /** With an empty database, where a server is started before anything is restored. */
  const emptyPlaceOf = async (kind: 'PGlite' | 'PostgreSQL', name: string): Promise<string[]> => {
    if (kind === 'PGlite') await placeEmptyDatabase(join(servers.folder, name));
    return placeOf(kind, name);
  };
  const optionsOf = (place: readonly string[]): Partial<ServerOptions> => ({
    data: place[1]!,
    ...(place[3] === undefined ? {} : { databaseUrl: place[3] }),
  });

  it('[SY74] is made while the server works, and brings everything back under a new epoch', async () => {
    const source = await emptyPlaceOf(from, 'source');
    const server = await servers.start(optionsOf(source));
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(1_500_000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const before = Array.from({ length: 150 }, (_, n) =>
      device.event({ stream: `probe/${n % 7}`, data: { text: `${n} 整流模块 "quoted" \\ tab\t` } }),
    );
    await device.push(before);
    const file = join(servers.folder, 'backup.gz');
    // Somebody keeps writing while the backup is made.
    const still = { writing: true };
    const later: string[] = [];
    const writer = (async () => {
      while (still.writing) {
        const event = device.event({ stream: 'probe/later' });
        later.push(event.id);
        await device.push([event]);
      }
    })();
    const backup = await runServerCommand(['backup', ...source, '--to', file]);
    still.writing = false;
    await writer;
    expect(backup).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(backup.output)).toMatchObject({ blobs: 1, missingBlobs: [] });
    expect((await stat(file)).mode & 0o077).toBe(0);
    const again = await runServerCommand(['backup', ...source, '--to', file]);
    expect([again.code, again.errors]).toEqual([1, expect.stringContaining('exists already')]);

    const target = await placeOf(to, 'target');
    const restored = await runServerCommand(['restore', ...target, '--from', file]);
    expect(restored).toMatchObject({ code: 0, errors: '' });
    const check = await runServerCommand(['check', ...target]);
    expect(JSON.parse(check.output)).toMatchObject({ blobs: 1, troubles: [] });
    const second = await servers.start(optionsOf(target));
    expect(second.epoch).not.toBe(server.epoch);
    expect(second.epoch).toBe((JSON.parse(restored.output) as { epoch: string }).epoch);
    const { deviceId: id, deviceCode: code } = device.login;
    const after = await SyncDevice.logIn(second.url, 'li.wei', 'demo', { id });
    expect([after.login.deviceId, after.login.deviceCode]).toEqual([id, code]);
    const lines = await after.pull();
    const ids = after.receivedIds();
    expect(ids.slice(0, 150)).toEqual(before.map((event) => event.id));
    // What came while it was made is in it as of one instant: the first of them, and none twice.
    expect(ids.slice(150)).toEqual(later.slice(0, ids.length - 150));
    expect(lines).toContainEqual({
      k: 'checksum',
      scope: 'region/sz',
      count: ids.length,
      hash: checksumOf(ids),
    });
    expect((await after.entity('probe/3')).map((event) => event.data)).toEqual(
      before.filter(({ stream }) => stream === 'probe/3').map((event) => event.data),
    );
    const blob = await after.request('GET', `/v1/blobs/${sha256(bytes)}`);
    expect(Buffer.compare(blob.body as Buffer, bytes)).toBe(0);
    // Goes on as if nothing had been: numbers, codes, identities.
    const fresh = after.event({ stream: 'probe/fresh' }, Date.now() + 60_000);
    expect(await after.push([fresh])).toMatchObject({ verdicts: [{ id: fresh.id, verdict: 'accepted' }] });
    const newcomer = await SyncDevice.logIn(second.url, 'li.wei');
    expect(newcomer.login.deviceCode).not.toBe(code);
  }, 120_000);

  it('[SY74] is refused before anything is changed when it is cut off, damaged, or meets data', async () => {
    const source = await emptyPlaceOf(from, 'source');
    const server = await servers.start(optionsOf(source));
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.push([device.event({ stream: 'probe/1' })]);
    const bytes = randomBytes(50_000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const file = join(servers.folder, 'backup.gz');
    await runServerCommand(['backup', ...source, '--to', file]);
    const whole = await readFile(file);
    const lines = gunzipSync(whole).toString('utf8').trimEnd().split('\n');
    const bad: Record<string, Buffer> = {
      'cut.gz': whole.subarray(0, whole.length - 100),
      'flipped.gz': Buffer.from(whole.map((byte, n) => (n === whole.length >> 1 ? byte ^ 1 : byte))),
      'no-end.gz': gzipSync(`${lines.slice(0, -1).join('\n')}\n`),
      'changed.gz': gzipSync(`${lines.join('\n').replace('"probe/1"', '"probe/2"')}\n`),
      'without-a-line.gz': gzipSync(`${lines.filter((_, n) => n !== 2).join('\n')}\n`),
      'empty.gz': Buffer.alloc(0),
      'text.gz': Buffer.from('not a backup'),
      'newer.gz': gzipSync(
        resealed(lines, (text) => text.replace('"0001-first-tables"', '"0001-first-tables","9999-x"')),
      ),
    };
    const target = await emptyPlaceOf(to, 'target');
    const kept = await servers.start(optionsOf(target));
    const other = await SyncDevice.logIn(kept.url, 'wang.fang');
    const precious = other.event({ stream: 'probe/precious' });
    await other.push([precious]);
    await servers.stop(kept);
    for (const [name, content] of Object.entries(bad)) {
      await writeFile(join(servers.folder, name), content);
      await expect(checkBackup(join(servers.folder, name)), name).rejects.toThrow(
        /cut off|damaged|changed|not a backup|newer version/,
      );
    }
    const cut = ['restore', ...target, '--replace', '--from', join(servers.folder, 'no-end.gz')];
    expect(await runServerCommand(cut)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('cut off'),
    });
    const refused = await runServerCommand(['restore', ...target, '--from', file]);
    expect([refused.code, refused.errors]).toEqual([
      1,
      expect.stringContaining('There are data here already'),
    ]);
    const still = await servers.start(optionsOf(target));
    const reader = await SyncDevice.logIn(still.url, 'wang.fang', 'demo', { id: other.login.deviceId });
    await reader.pull();
    expect(reader.receivedIds()).toEqual([precious.id]);
    await servers.stop(still);
    expect((await runServerCommand(['restore', ...target, '--replace', '--from', file])).code).toBe(0);
    const replaced = await servers.start(optionsOf(target));
    const last = await SyncDevice.logIn(replaced.url, 'wang.fang');
    await last.pull();
    expect(last.receivedIds()).not.toContain(precious.id);
    expect(last.receivedIds()).toHaveLength(1);
  }, 180_000);
});

/** The backup with one line changed and its seal made anew. */
function resealed(lines: readonly string[], change: (text: string) => string): string {
  const body = lines.slice(0, -1).map(change);
  const text = `${body.join('\n')}\n`;
  const end = { k: 'end', lines: body.length, sha256: sha256(Buffer.from(text)) };
  return `${text}${JSON.stringify(end)}\n`;
}
