import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginWipe } from '#electron/services/access/wipe.ts';
import type { Host } from '#electron/services/host/create-host.ts';
import type { HostPorts } from '#electron/services/host/ports.ts';
import { openDataDir } from '#electron/services/workspace/data-dir.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import { aDraft, steppedClock } from '#test/support/journal-builders.ts';
import { context, isSettled, openLaptop, osStore, untilStatus } from '#test/support/laptop-host.ts';
import { startIdentityProvider } from '#test/support/identity-provider.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { TestServer } from '#test/support/test-server.ts';

const PASSPHRASE = 'correct horse battery';
let dir: string;
let server: TestServer;
const hosts: Host[] = [];

beforeAll(async () => {
  // A short life, so that every test here also renews its login.
  server = await TestServer.start('PGlite', { demo: true, logLevel: 'error', accessTtlMs: 1_000 });
}, 120_000);
afterAll(() => server?.close());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-access-'));
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  await rm(dir, { recursive: true, force: true });
});

async function open(name: string, change: Partial<HostPorts> = {}): Promise<Host> {
  const host = await openLaptop(dir, name, change);
  hosts.push(host);
  return host;
}
async function close(host: Host): Promise<void> {
  hosts.splice(hosts.indexOf(host), 1);
  await host.close();
}
async function connect(host: Host, user = 'li.wei'): Promise<void> {
  await host.handlers.app.connectServer(
    { url: server.url, user, password: 'demo', deviceName: `Laptop of ${user}` },
    context,
  );
  await untilStatus(host, isSettled);
}
const info = ({ handlers }: Host) => handlers.app.info({}, context);
const note = ({ handlers }: Host, text: string) =>
  handlers.journal.append(
    { drafts: [{ ...aDraft(text, 'probe/1'), type: 'probe.noted', data: { text } }] },
    context,
  );
const code = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: unknown }).code;
  }
};

describe('locking', () => {
  test('[SY97] at its start a laptop with a passphrase answers nothing but its lock screen until the known user is in, without any network', async () => {
    const first = await open('a');
    await first.handlers.vault.createPassphrase({ passphrase: PASSPHRASE }, context);
    await first.handlers.app.startDemo({ language: 'en' }, context);
    const { key } = await first.handlers.app.cacheKey({}, context);
    await close(first);

    const again = await open('a');
    expect(await info(again)).toMatchObject({ access: 'locked', vault: 'locked' });
    const { app, journal, blobs, vault, sync } = again.handlers;
    const refused = [
      () => journal.takeNumber({ counter: 'ticket' }, context),
      () => blobs.put({ bytes: new Uint8Array(1) }, context),
      () => vault.list({}, context),
      () => app.cacheKey({}, context),
      () => app.lock({}, context),
      () => sync.status({}, context),
      () => sync.exportBundle({ passphrase: PASSPHRASE }, context),
      () => app.connectServer({ url: server.url, user: 'x', password: 'x', deviceName: 'x' }, context),
    ];
    for (const one of refused) expect(await code(one)).toBe('app.locked');
    await app.setSettings({ theme: 'dark' }, context);
    expect(await code(() => app.unlock({ passphrase: 'wrong' }, context))).toBe('vault.wrongPassphrase');
    expect(await app.unlock({ passphrase: PASSPHRASE }, context)).toMatchObject({
      access: 'open',
      vault: 'passphrase',
    });
    expect((await app.cacheKey({}, context)).key).toEqual(key);
    await note(again, 'in again');
  });

  test('[SY97] locking keeps the sync going; wrong passphrases cost more and more time, also over a restart', async () => {
    const clock = steppedClock();
    const host = await open('a');
    expect(await code(() => host.handlers.app.lock({}, context))).toBe('app.noLock');
    await close(host);
    const stepped = await open('b', { clock });
    const { app, vault } = stepped.handlers;
    await vault.createPassphrase({ passphrase: PASSPHRASE }, context);
    expect(await app.lock({}, context)).toMatchObject({ access: 'locked' });
    for (let tries = 0; tries < 5; tries++)
      expect(await code(() => (tries % 2 === 0 ? app : vault).unlock({ passphrase: 'wrong' }, context))).toBe(
        'vault.wrongPassphrase',
      );
    expect(await code(() => vault.unlock({ passphrase: PASSPHRASE }, context))).toBe('app.unlockThrottled');
    await close(stepped);
    const again = await open('b', { clock });
    expect(await code(() => again.handlers.app.unlock({ passphrase: PASSPHRASE }, context))).toBe(
      'app.unlockThrottled',
    );
    clock.wallMs += 2_500;
    expect(await code(() => again.handlers.app.unlock({ passphrase: 'wrong' }, context))).toBe(
      'vault.wrongPassphrase',
    );
    clock.wallMs += 2_500;
    expect(await code(() => again.handlers.app.unlock({ passphrase: PASSPHRASE }, context))).toBe(
      'app.unlockThrottled',
    );
    clock.wallMs += 2_500;
    expect(await again.handlers.app.unlock({ passphrase: PASSPHRASE }, context)).toMatchObject({
      access: 'open',
    });
  }, 120_000);

  test('[SY97] a locked laptop goes on bringing what waits to the server', async () => {
    const host = await open('a');
    await host.handlers.vault.createPassphrase({ passphrase: PASSPHRASE }, context);
    await connect(host);
    const status = host.handlers.sync.status({}, context)[Symbol.asyncIterator]();
    await note(host, 'before the lock');
    await host.handlers.app.lock({}, context);
    for (;;) {
      const { value } = (await status.next()) as { value: SyncStatus };
      if (isSettled(value)) break;
    }
    await status.return?.();
    await host.handlers.app.unlock({ passphrase: PASSPHRASE }, context);
  });
});

test('[SY98] the key of the cached pages is the same after a restart, another when it was lost, and none where nothing can be kept', async () => {
  const bare = await open('bare');
  expect(await bare.handlers.app.cacheKey({}, context)).toEqual({ key: null, protection: 'none' });
  const first = await open('a', { secrets: osStore });
  const one = await first.handlers.app.cacheKey({}, context);
  expect(one).toMatchObject({ protection: 'os' });
  expect(one.key).toHaveLength(32);
  expect(
    (await readFile(join(dir, 'a', 'vault.json'), 'latin1')).includes(
      Buffer.from(one.key!).toString('base64'),
    ),
  ).toBe(false);
  await close(first);
  const second = await open('a', { secrets: osStore });
  expect(await second.handlers.app.cacheKey({}, context)).toEqual(one);
  await close(second);
  await rm(join(dir, 'a', 'vault.json'));
  const third = await open('a', { secrets: osStore });
  const other = await Promise.all([
    third.handlers.app.cacheKey({}, context),
    third.handlers.app.cacheKey({}, context),
  ]);
  expect(other[0]).toEqual(other[1]);
  expect(other[0].key).not.toEqual(one.key);
});

describe('identity', () => {
  test('[SY92] the login survives a restart and is renewed without a person', async () => {
    const host = await open('a', { secrets: osStore });
    await connect(host);
    await close(host);
    const again = await open('a', { secrets: osStore });
    await note(again, 'after the restart');
    await untilStatus(again, isSettled);
    expect((await info(again)).workspace).toMatchObject({ regions: ['sz'], teams: expect.any(Array) as [] });
  });

  test('[SY92] signs in through the company’s provider in a browser, first and again, and for nobody else’s workspace', async () => {
    const provider = await startIdentityProvider();
    const { issuer, clientId, clientSecret } = provider;
    const name = 'Company login';
    const oidc = {
      issuer,
      clientId,
      clientSecret,
      name,
      tenant: 'main',
      userClaim: 'preferred_username' as const,
    };
    const own = await TestServer.start('PGlite', { demo: true, oidc });
    provider.allowRedirectTo(`${own.url}/v1/oidc/callback`);
    for (const [subject, user] of Object.entries({ 'subject-1': 'li.wei', 'subject-2': 'zhang.min' }))
      provider.people.set(subject, { preferred_username: user, name: user });
    const host = await open('a', { secrets: osStore });
    const { app } = host.handlers;
    const codeFor = async (address: string, subject: string): Promise<string> => {
      const page = await fetch(await provider.signIn(address, subject));
      return /<p class="code">([^<]+)</.exec(await page.text())?.[1] ?? '';
    };
    try {
      expect(await code(() => app.completeBrowserLogin({ code: 'ABCDEF' }, context))).toBe(
        'app.noBrowserLogin',
      );
      expect(await app.serverInfo({ url: own.url }, context)).toEqual({ password: true, oidc: { name } });
      const begun = await app.beginBrowserLogin({ url: own.url, deviceName: 'a' }, context);
      expect(await code(() => app.completeBrowserLogin({ code: 'ABCDEF' }, context))).toBe('sync.wrongCode');
      const entered = await app.completeBrowserLogin(
        { code: await codeFor(begun.url, 'subject-1') },
        context,
      );
      expect(entered.workspace).toMatchObject({ userId: 'li.wei', kind: 'server' });
      await note(host, 'signed in by the browser');
      await untilStatus(host, isSettled);
      const other = await app.beginBrowserLogin({ deviceName: 'a' }, context);
      const strange = await codeFor(other.url, 'subject-2');
      expect(await code(() => app.completeBrowserLogin({ code: strange }, context))).toBe('app.otherUser');
      const again = await app.beginBrowserLogin({ deviceName: 'a' }, context);
      const renewed = await codeFor(again.url, 'subject-1');
      expect(await app.completeBrowserLogin({ code: renewed }, context)).toMatchObject({
        workspace: { deviceId: entered.workspace!.deviceId },
      });
    } finally {
      await close(host);
      await own.close();
      await provider.stop();
    }
  }, 60_000);

  test('[SY99] a copied profile becomes a device of its own; what both have written arrives once', async () => {
    const original = await open('original', { secrets: osStore });
    await connect(original);
    await note(original, 'before the copy');
    await untilStatus(original, isSettled);
    await close(original);
    await cp(join(dir, 'original'), join(dir, 'copy'), { recursive: true });

    const one = await open('original', { secrets: osStore });
    await note(one, 'on the original');
    await untilStatus(one, isSettled);
    const two = await open('copy', { secrets: osStore });
    await note(two, 'on the copy');
    await untilStatus(two, isSettled);
    await note(one, 'on the original again');
    await untilStatus(one, isSettled);
    const [first, second] = [(await info(one)).workspace!, (await info(two)).workspace!];
    expect(first.deviceId).not.toBe(second.deviceId);
    expect(first.deviceCode).not.toBe(second.deviceCode);
    // Whoever finds another code in the corner is told why.
    expect(first.renewed).toBeUndefined();
    expect(second.renewed).toEqual({ at: expect.any(String) as string, from: first.deviceCode });
    const texts: unknown[] = [];
    for await (const { lines } of two.handlers.sync.entity({ key: 'probe/1' }, context))
      for (const line of lines) if (line.k === 'event') texts.push(line.event.data['text']);
    for (const text of ['before the copy', 'on the original', 'on the copy', 'on the original again'])
      expect(texts.filter((found) => found === text)).toEqual([text]);
    // The identity stays after a restart.
    await close(two);
    const again = await open('copy', { secrets: osStore });
    await note(again, 'later on the copy');
    await untilStatus(again, isSettled);
    expect((await info(again)).workspace).toEqual(second);
  }, 30_000);

  async function revoke(host: Host): Promise<void> {
    const manager = await SyncDevice.logIn(server.url, 'wang.fang');
    const { deviceId } = (await info(host)).workspace!;
    const answer = await manager.request('POST', `/v1/admin/devices/${deviceId}/revoke`, {
      reason: 'Left in a taxi.',
    });
    expect(answer.status).toBe(200);
  }
  async function untilWiped(host: Host): Promise<NonNullable<Awaited<ReturnType<typeof info>>['wiped']>> {
    for await (const now of host.handlers.app.watch({}, context)) if (now.wiped !== null) return now.wiped;
    throw new Error('The watch ended first.');
  }

  test('[SY99] a revoked device hands over its unsent work, then everything of the workspace is gone, and that is said', async () => {
    const host = await open('a', { secrets: osStore });
    await connect(host);
    await host.handlers.sync.setOffline({ offline: true }, context);
    await note(host, 'written in the tunnel');
    await host.handlers.vault.save(
      { label: 'switch', username: 'admin', kind: 'password', password: 'secret' },
      context,
    );
    const { key } = await host.handlers.app.cacheKey({}, context);
    await revoke(host);
    const wiped = untilWiped(host);
    await host.handlers.sync.setOffline({ offline: false }, context);
    expect(await wiped).toMatchObject({ handedOver: 1, quarantined: 0, quarantineFile: null });
    expect(await info(host)).toMatchObject({ workspace: null, access: 'open' });
    expect((await host.handlers.vault.list({}, context)).credentials).toEqual([]);
    const left = await readdir(join(dir, 'a'));
    for (const gone of ['journal', 'workspace.json', 'carried', 'sync.json'])
      expect(left).not.toContain(gone);
    expect((await host.handlers.app.cacheKey({}, context)).key).not.toEqual(key);
    // A new workspace can be chosen, and the old story is over then.
    await host.handlers.app.startDemo({ language: 'en' }, context);
    expect((await info(host)).wiped).toBeNull();
  }, 30_000);

  test.each(['passphrase', 'os'] as const)(
    '[SY99] what a revoked device cannot hand over for 14 days is sealed into a file before the wipe (%s)',
    async (kind) => {
      const change = kind === 'os' ? { secrets: osStore } : {};
      const host = await open('a', change);
      if (kind === 'passphrase')
        await host.handlers.vault.createPassphrase({ passphrase: PASSPHRASE }, context);
      await connect(host);
      await host.handlers.sync.setOffline({ offline: true }, context);
      await note(host, 'never delivered');
      await close(host);
      // Known to be revoked since long ago, and the server cannot be reached.
      await writeFile(
        join(dir, 'a', 'sync.json'),
        JSON.stringify({ revokedMs: Date.now() - 15 * 24 * 3_600_000 }),
      );
      const workspaceFile = join(dir, 'a', 'workspace.json');
      const workspace = JSON.parse(await readFile(workspaceFile, 'utf8')) as object;
      await writeFile(workspaceFile, JSON.stringify({ ...workspace, serverUrl: 'http://127.0.0.1:1' }));
      const again = await open('a', change);
      if (kind === 'passphrase') await again.handlers.app.unlock({ passphrase: PASSPHRASE }, context);
      const wiped = await untilWiped(again);
      expect(wiped).toMatchObject({ handedOver: 0, quarantined: 1 });
      expect(await readdir(join(dir, 'a'))).not.toContain('journal');
      // The same laptop, used again by whoever is allowed to, brings it in.
      await connect(again, 'zhang.min');
      const taken = await again.handlers.sync.importBundle(
        { path: wiped.quarantineFile!, passphrase: kind === 'os' ? '' : PASSPHRASE },
        context,
      );
      expect(taken).toMatchObject({ events: 1, known: 0 });
    },
    30_000,
  );

  test('[SY99] a wipe that was cut off goes on at the next start', async () => {
    const host = await open('a');
    await host.handlers.app.startDemo({ language: 'en' }, context);
    await close(host);
    const at = '2026-05-04T08:00:00.000Z';
    const result = { at, handedOver: 3, quarantined: 0, quarantineFile: null };
    await beginWipe(await openDataDir(join(dir, 'a')), result);
    const again = await open('a');
    expect(await info(again)).toMatchObject({ workspace: null, wiped: result });
    const left = await readdir(join(dir, 'a'));
    expect(left).not.toContain('journal');
    expect(left).not.toContain('wiping.json');
  });
});
