import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startServer, type RunningServer } from '#server/start.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { runServerCommand } from '#test/support/server-process.ts';

vi.setConfig({ testTimeout: 90_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-command-line-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('A command for a folder without data', () => {
  it.each([
    ['backup', '--to', 'b.gz'],
    ['check'],
    ['export', '--to', 'x'],
    ['user', 'list'],
    ['device', 'list'],
    ['new-epoch'],
    ['purge', '--stream', 'ticket/1', '--yes'],
  ])('[SY79] is refused, and none are made: %s', async (...command) => {
    const data = join(folder, 'mistyped');
    const words = command.map((word) => (/^(b\.gz|x)$/.test(word) ? join(folder, word) : word));
    const { code, errors } = await runServerCommand([...words, '--data', data]);
    expect([code, errors]).toEqual([1, expect.stringMatching(/no data of a Faultline server in .*mistyped/)]);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('A server that cannot listen', () => {
  let busy: Server;
  let port: number;
  beforeEach(async () => {
    busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    port = (busy.address() as AddressInfo).port;
    await placeEmptyDatabase(join(folder, 'data'));
  });
  afterEach(() => new Promise((resolve) => busy.close(resolve)));

  it('[SY76] says so, ends, and leaves the data free', async () => {
    const data = join(folder, 'data');
    const { code, errors } = await runServerCommand(['--port', String(port), '--data', data]);
    expect([code, errors]).toEqual([1, expect.stringMatching(/:\d+ is in use by another program/)]);
    const server = await startServer({ data, logLevel: 'silent' });
    await server.close();
  });
});

describe('What does not fit', () => {
  let server: RunningServer;
  let place: string[];
  beforeEach(async () => {
    const data = join(folder, 'data');
    await placeEmptyDatabase(data);
    server = await startServer({ data, logLevel: 'silent' });
    place = ['--data', data];
  });
  afterEach(() => server.close());

  const complaintOf = async (words: readonly string[], input = 'a long sesame\n'): Promise<string> => {
    const { code, errors } = await runServerCommand([...words, ...place], input);
    expect(code).toBe(1);
    expect(errors).not.toMatch(/"code"|\n\s+at |node:internal|ENOENT|EISDIR/);
    return errors;
  };

  it('[SY79] is told in sentences: accounts', async () => {
    const add = (user: string, role: string, region: string): string[] => [
      'user',
      'add',
      '--user',
      user,
      '--role',
      role,
      '--region',
      region,
      '--password-stdin',
    ];
    expect(await complaintOf(add('a', 'king', 'sz'))).toContain('A role is one of engineer');
    expect(await complaintOf(add('a/../b', 'engineer', 'sz'))).toContain('A name to log in with');
    expect(await complaintOf(add('a', 'engineer', 'S Z'))).toContain('A region has');
    expect(await complaintOf(add('a', 'engineer', 'sz'), 'short\n')).toContain('10 to 1,000 characters');
    const { output } = await runServerCommand(['user', 'list', '--json', ...place]);
    expect(JSON.parse(output)).toEqual([]);
  });

  it('[SY79] is told in sentences: files, records, options', async () => {
    const missing = join(folder, 'missing');
    expect(await complaintOf(['backup', '--to', join(missing, 'b.gz')])).toContain(
      'There is no file or folder',
    );
    expect(await complaintOf(['import-bundle', '--from', missing, '--password-stdin'])).toContain(
      `There is no file ${missing}`,
    );
    expect(await complaintOf(['purge', '--stream', 'ticket/typo', '--yes'])).toContain(
      'No facts of ticket/typo',
    );
    expect(await complaintOf(['purge', '--stream', 'typo', '--yes'])).toContain(
      'A stream is a noun and an id',
    );
    expect(await complaintOf(['check', '--bogus'])).toBe(
      "Unknown option '--bogus'. --help shows what there is.\n",
    );
    expect(await complaintOf(['--log', 'loud'])).toContain('--log is one of');
    expect(await complaintOf(['--public-url', 'nonsense'])).toContain('--public-url is an address');
    const oidc = join(folder, 'oidc.json');
    expect(await complaintOf(['--oidc', oidc])).toContain(`There is no file or folder ${oidc}`);
    await writeFile(oidc, '{');
    expect(await complaintOf(['--oidc', oidc])).toContain('does not fit');
  });
});
