import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Workspace, WorkspaceSchema } from '#shared/host/app.ts';
import { SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { systemClock } from '../journal/clock.ts';
import { Journal } from '../journal/journal.ts';
import { ServerClient } from '../sync/server-client.ts';
import { Authorities } from '../trust/authorities.ts';
import { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { Vault } from '../vault/vault.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { JsonFile } from './json-file.ts';
import { WorkspaceHolder } from './workspace-holder.ts';
import type { WorkspaceHolderOptions } from './workspace-holder-options.ts';

const WORKSPACE: Workspace = {
  kind: 'server',
  workspaceId: 'server-device-1',
  userId: 'li.wei',
  userName: '李伟',
  roles: ['engineer'],
  deviceId: 'device-1',
  deviceCode: 'SZ01',
  homeRegion: 'sz',
  scopes: ['org', 'region/sz', 'user/li.wei'],
  // Nobody listens there.
  serverUrl: 'http://127.0.0.1:9',
  tenant: 'main',
};
let root: string;
let dir: DataDir;
let holder: WorkspaceHolder;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'faultline-holder-'));
  dir = await openDataDir(root);
  await new JsonFile(dir.workspace, WorkspaceSchema).write(WORKSPACE);
  holder = await WorkspaceHolder.open(await options());
});

/** Of a start of the host: everything is read from the files. */
async function options(): Promise<WorkspaceHolderOptions> {
  const seals = {
    state: async () => ({ kind: 'os' as const }),
    seal: async (text: string) => Buffer.from(text),
    open: async (sealed: Uint8Array) => ({ secret: Buffer.from(sealed).toString(), sealAgain: false }),
  };
  return {
    dir,
    vault: await Vault.open(dir.vault, seals),
    blobs: await BlobStore.open(dir.blobs),
    clock: systemClock(),
    random: () => 0.5,
    trust: new TrustingDispatcher(await Authorities.open(dir.authorities)),
    seedDemo: async () => undefined,
    exportDir: root,
    sealByOs: async (text) => text,
  };
}

afterEach(async () => {
  vi.restoreAllMocks();
  await holder.close();
  await rm(root, { recursive: true, force: true });
});

test('[SY99] a wipe that is asked for again while it is under way is one wipe: nothing is left that would destroy the next workspace', async () => {
  // So does the engine when a computer was asleep in the middle of it.
  await Promise.all([holder.wipe(), holder.wipe()]);
  expect(holder.current).toBeUndefined();
  expect([existsSync(dir.wiping), existsSync(dir.wiped)]).toEqual([false, true]);
});

test('[SY99] what is founded after a wipe is another device: with a key of its own, which it still has after a start', async () => {
  const before = (await holder.unsent()).signer.publicKey;
  await holder.wipe();
  const shown: Array<string | undefined> = [];
  vi.spyOn(ServerClient.prototype, 'hello').mockResolvedValue({ protocol: SYNC_PROTOCOL } as never);
  vi.spyOn(ServerClient.prototype, 'login').mockImplementation(async ({ device }) => {
    shown.push(device.publicKey);
    throw new Error('refused');
  });
  const login = { url: 'http://127.0.0.1:9', user: 'li.wei', password: 'x', deviceName: 'x' };
  await expect(holder.connectServer(login)).rejects.toThrow('refused');
  const started = await WorkspaceHolder.open(await options());
  await expect(started.connectServer(login)).rejects.toThrow('refused');
  expect(shown[0]).not.toBe(before);
  expect(shown[1]).toBe(shown[0]);
});

/** A server that answers a renewal once `answered` is, with device 2 the first time, 3 the second. */
function renewals(answered: Promise<void>) {
  const { userId, userName, roles, homeRegion, scopes } = WORKSPACE;
  let devices = 1;
  return vi.spyOn(ServerClient.prototype, 'renewDevice').mockImplementation(async () => {
    const number = ++devices;
    await answered;
    return {
      tenant: 'main',
      userId,
      userName,
      roles,
      homeRegion,
      scopes,
      regions: ['sz'],
      teams: [],
      deviceId: `device-${number}`,
      deviceCode: `SZ0${number}`,
      token: `token-${number}`,
      expiresAt: '2100-01-01T00:00:00.000Z',
    } as never;
  });
}

test('[SY63] a renewal that is asked for again while it is under way is one renewal: the laptop becomes one new device', async () => {
  const answered = Promise.withResolvers<void>();
  const renewDevice = renewals(answered.promise);
  // So does the engine when the answer takes longer than ten minutes.
  const both = [holder.becomeNewDevice(), holder.becomeNewDevice()];
  answered.resolve();
  await Promise.all(both);
  expect(renewDevice).toHaveBeenCalledTimes(1);
  expect([holder.demand().workspace.deviceId, holder.demand().journal.device]).toEqual([
    'device-2',
    'device-2',
  ]);
});

test('[SY99] [SY63] a laptop that is wiped while a renewal waits for its answer stays wiped: the answer brings nothing back', async () => {
  const answered = Promise.withResolvers<void>();
  renewals(answered.promise);
  const renewal = holder.becomeNewDevice();
  await holder.wipe();
  answered.resolve();
  await expect(renewal).rejects.toMatchObject({ code: 'app.noWorkspace' });
  expect(holder.current).toBeUndefined();
  expect([existsSync(dir.workspace), existsSync(dir.vault)]).toEqual([false, false]);
});

test('[SY99] [SY63] a wipe that comes while a renewal writes down who the laptop is waits for it, and leaves nothing of it', async () => {
  renewals(Promise.resolve());
  const order: string[] = [];
  const close = Journal.prototype.close;
  vi.spyOn(Journal.prototype, 'close').mockImplementation(function (this: Journal) {
    order.push('closed');
    return close.call(this);
  });
  let wiped: Promise<void> | undefined;
  vi.spyOn(Journal.prototype, 'becomeDevice').mockImplementation(async () => {
    wiped = holder.wipe();
    // Time enough for a wipe that does not wait.
    for (let times = 0; times < 500; times++) await stat(root);
    order.push('renewed');
  });
  await holder.becomeNewDevice();
  await wiped;
  expect(order).toEqual(['renewed', 'closed']);
  expect(holder.current).toBeUndefined();
  expect([existsSync(dir.workspace), existsSync(dir.vault)]).toEqual([false, false]);
});

test('[SY99] what was being remembered of the sync when the wipe came does not come back: the next workspace would be taken for a revoked one', async () => {
  const { engine } = holder.demand();
  for (let times = 0; times < 100; times++) engine?.setMetered(times % 2 === 0 ? 'on' : 'off');
  await holder.wipe();
  await holder.close();
  expect(existsSync(dir.sync)).toBe(false);
});

test('[SY99] a workspace that is founded while the wipe still takes things away begins when it has ended', async () => {
  let founded: Promise<void> | undefined;
  const close = Journal.prototype.close;
  vi.spyOn(Journal.prototype, 'close').mockImplementationOnce(async function (this: Journal) {
    await close.call(this);
    setImmediate(() => {
      founded = holder.startDemo('en');
      founded.catch(() => undefined);
    });
  });
  for (let number = 0; number < 200; number++) await writeFile(join(dir.blobs, String(number)), '');
  await holder.wipe();
  await founded;
  const { workspace, journal } = holder.demand();
  expect(workspace.kind).toBe('demo');
  await journal.append([aDraft('the first')]);
  expect([existsSync(dir.workspace), existsSync(dir.journal)]).toEqual([true, true]);
});

test('[H42] a start that cannot go on lets go of everything: the next try is a start like the first', async () => {
  await holder.wipe();
  // In the way of what is made last before the workspace is written down.
  await writeFile(dir.carried, 'no folder');
  await expect(holder.startDemo('en')).rejects.toThrow(/EEXIST/);
  expect([holder.current, existsSync(dir.workspace)]).toEqual([undefined, false]);
  await rm(dir.carried);
  await holder.startDemo('en');
  await holder.demand().journal.append([aDraft('the first')]);
});

test('[H42] a workspace that cannot be opened lets go of its journal: the next try finds nobody in it', async () => {
  await holder.close();
  await rm(dir.carried, { recursive: true });
  await writeFile(dir.carried, 'no folder');
  await expect(WorkspaceHolder.open(await options())).rejects.toThrow(/EEXIST/);
  await rm(dir.carried);
  holder = await WorkspaceHolder.open(await options());
  expect(holder.demand().workspace).toEqual(WORKSPACE);
});

test('[H42] a workspace that the disk did not make last is none: the next try begins again', async () => {
  await holder.wipe();
  const { write } = JsonFile.prototype;
  vi.spyOn(JsonFile.prototype, 'write').mockImplementationOnce(async function (
    this: JsonFile<typeof WorkspaceSchema>,
    value,
  ) {
    await write.call(this, value);
    throw new Error('EIO');
  });
  await expect(holder.startDemo('en')).rejects.toThrow('EIO');
  await holder.startDemo('en');
  expect(holder.demand().workspace.kind).toBe('demo');
});

test('[SY96] [SY99] a wipe waits for a bundle that is being taken in, and none is taken in while it is under way', async () => {
  const order: string[] = [];
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const taking = holder.withUnsent(async ({ carried }) => {
    begun.resolve();
    await goOn.promise;
    await carried.add([], new Set());
    order.push(existsSync(dir.carried) ? 'taken in' : 'destroyed');
  });
  await begun.promise;
  const wiped = holder.wipe().then(() => order.push('wiped'));
  // Time enough for a wipe that does not wait.
  for (let times = 0; times < 500; times++) await stat(root);
  const late = holder.withUnsent(async () => order.push('too late'));
  late.catch(() => undefined);
  goOn.resolve();
  await taking;
  await wiped;
  await expect(late).rejects.toMatchObject({ code: 'app.noWorkspace' });
  expect(order).toEqual(['taken in', 'wiped']);
});

test('[SY87] the offset that was measured before the restart is shown and stamped while the server cannot be asked', async () => {
  await holder.close();
  const clock = systemClock();
  const offsetMs = 56 * 365 * 86_400_000;
  await writeFile(
    dir.sync,
    JSON.stringify({
      clock: {
        offsetMs,
        uncertaintyMs: 30,
        wallMs: clock.nowMs(),
        monotonicMs: clock.monotonicMs(),
        bootId: clock.bootId,
        measuredMs: clock.nowMs(),
      },
    }),
  );
  holder = await WorkspaceHolder.open(await options());
  const { engine, journal } = holder.demand();
  expect((await engine?.status())?.clock).toMatchObject({ offsetMs });
  const [event] = await journal.append([aDraft('noted offline')]);
  expect(event?.clock).toMatchObject({ offsetMs });
  expect(event?.clock.uncertaintyMs).toBeGreaterThanOrEqual(30);
});
