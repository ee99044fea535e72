import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OperatedServers } from '#test/support/operated-servers.ts';
import { runServerCommand, startServerProcess } from '#test/support/server-process.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { sha256 } from '#test/support/sha256.ts';

/** Processes are started, certificates made, databases created: on a busy machine that takes its time. */
vi.setConfig({ testTimeout: 90_000 });

let servers: OperatedServers;
beforeEach(async () => {
  servers = await OperatedServers.make();
});
afterEach(() => servers.remove());

describe('The command line', () => {
  it('[SY79] asks the server that has the embedded database, which nobody else may', async () => {
    const data = join(servers.folder, 'data');
    const server = await servers.start();
    const secret = await readFile(join(data, 'control.json'), 'utf8');
    expect((await stat(join(data, 'control.json'))).mode & 0o077).toBe(0);
    const { url } = JSON.parse(secret) as { url: string };
    const forged = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{}' });
    expect(forged.status).toBe(403);
    const place = ['--data', data];
    const add = [
      'user',
      'add',
      '--user',
      'chen.gong',
      '--role',
      'engineer',
      '--region',
      'gz',
      '--password-stdin',
    ];
    expect(await runServerCommand([...add, ...place], 'a long sesame\n')).toMatchObject({
      code: 0,
      errors: '',
    });
    expect((await runServerCommand([...add, ...place], 'again, and long\n')).errors).toContain('already');
    const device = await SyncDevice.logIn(server.url, 'chen.gong', 'a long sesame');
    expect((await runServerCommand(['user', 'list', ...place])).output).toContain('chen.gong');
    const password = ['user', 'password', '--user', 'chen.gong', '--password-stdin'];
    await runServerCommand([...password, ...place], 'another sesame\n');
    expect((await device.request('GET', '/v1/bootstrap')).status).toBe(401);
    const again = await SyncDevice.logIn(server.url, 'chen.gong', 'another sesame');
    const { deviceId } = again.login;
    expect((await runServerCommand(['device', 'list', '--user', 'chen.gong', ...place])).output).toContain(
      deviceId,
    );
    const revoke = ['device', 'revoke', '--device', deviceId, '--reason', 'lost'];
    expect(await runServerCommand([...revoke, ...place])).toMatchObject({ code: 0, errors: '' });
    expect((await again.request('GET', '/v1/bootstrap')).status).toBe(403);
    const reinstate = ['device', 'reinstate', '--device', deviceId, '--reason', 'found'];
    expect(await runServerCommand([...reinstate, ...place])).toMatchObject({ code: 0, errors: '' });
    await runServerCommand(['user', 'disable', '--user', 'chen.gong', ...place]);
    await expect(SyncDevice.logIn(server.url, 'chen.gong', 'another sesame')).rejects.toThrow(/401/);
    await servers.stop(server);
    expect(await readdir(data)).not.toContain('control.json');
  }, 120_000);

  it('[SY79] deletes a record for good only when that is confirmed', async () => {
    const server = await servers.start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    await device.push([device.event({ stream: 'ticket/gone', data: { text: 'private' } })]);
    const purge = ['purge', '--stream', 'ticket/gone', '--data', join(servers.folder, 'data')];
    expect((await runServerCommand(purge)).errors).toContain('--yes');
    expect(await runServerCommand([...purge, '--yes'])).toMatchObject({ code: 0, errors: '' });
    const { body } = await device.request('GET', '/v1/entities/ticket%2Fgone');
    expect(String(body)).not.toContain('private');
    const check = await runServerCommand(['check', '--data', join(servers.folder, 'data')]);
    expect(JSON.parse(check.output)).toMatchObject({ troubles: [] });
  }, 60_000);

  it('[SY79] exports everything in open formats, without secrets', async () => {
    const server = await servers.start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const event = device.event({ stream: 'probe/1', data: { text: '整流模块' } });
    await device.push([event, { ...event, id: device.event({ stream: 'x/y' }).id, actor: 'somebody.else' }]);
    const bytes = randomBytes(5000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    const to = join(servers.folder, 'export');
    const flags = ['export', '--data', join(servers.folder, 'data'), '--to', to];
    expect(await runServerCommand(flags)).toMatchObject({ code: 0, errors: '' });
    const read = async (name: string): Promise<Record<string, unknown>[]> =>
      (await readFile(join(to, 'main', name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect((await read('events.ndjson')).map((line) => line['event'])).toEqual([event]);
    expect(await read('refused.ndjson')).toMatchObject([{ code: 'sync.wrongActor' }]);
    expect((await read('records.ndjson')).map(({ key }) => key)).toEqual(['probe/1']);
    expect(await read('people.ndjson')).toContainEqual(expect.objectContaining({ user: 'li.wei' }));
    const hash = sha256(bytes);
    const attachment = await readFile(join(to, 'main/attachments', hash.slice(0, 2), hash));
    expect(Buffer.compare(attachment, bytes)).toBe(0);
    const everything = await Promise.all(
      (await readdir(join(to, 'main')))
        .filter((name) => name.endsWith('.ndjson'))
        .map((name) => readFile(join(to, 'main', name), 'utf8')),
    );
    expect(everything.join('')).not.toMatch(/argon2|hash|public_key/);
    const manifest = JSON.parse(await readFile(join(to, 'MANIFEST.json'), 'utf8')) as { files: object };
    expect(manifest.files).toMatchObject({ 'main/events.ndjson': { lines: 1 } });
    expect((await runServerCommand(flags)).errors).toContain('not empty');
  }, 60_000);

  it('[SY79] finds an attachment that was damaged and an entry that was deleted by hand', async () => {
    const server = await servers.start();
    const device = await SyncDevice.logIn(server.url, 'li.wei');
    const bytes = randomBytes(5000);
    await device.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
    await servers.stop(server);
    await truncate(join(servers.folder, 'data/blobs/main', sha256(bytes).slice(0, 2), sha256(bytes)), 10);
    const check = await runServerCommand(['check', '--data', join(servers.folder, 'data')]);
    expect(check.code).toBe(1);
    expect(JSON.parse(check.output)).toMatchObject({
      troubles: [expect.stringContaining(sha256(bytes))],
    });
  }, 60_000);

  it('[SY79] says how each command is used, and refuses what it does not know', async () => {
    for (const command of [
      'user',
      'device',
      'backup',
      'restore',
      'export',
      'purge',
      'check',
      'new-epoch',
      'serve',
    ])
      expect((await runServerCommand([command, '--help'])).output).toContain(`npm run server -- `);
    expect((await runServerCommand(['fly'])).errors).toContain('There is no command "fly"');
    expect((await runServerCommand(['backup', '--data', servers.folder])).errors).toContain(
      '--to is missing',
    );
    const server = await startServerProcess(['--port', '0', '--data', join(servers.folder, 'data')]);
    try {
      expect(server.output()).toContain('First start');
      const restore = await runServerCommand([
        'restore',
        '--from',
        'x',
        '--data',
        join(servers.folder, 'data'),
      ]);
      expect(restore.errors).toContain('Another Faultline server');
    } finally {
      await server.kill('SIGTERM');
    }
  }, 120_000);
});
