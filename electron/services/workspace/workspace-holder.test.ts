import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Workspace, WorkspaceSchema } from '#shared/host/app.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { systemClock } from '../journal/clock.ts';
import { ServerClient } from '../sync/server-client.ts';
import { Authorities } from '../trust/authorities.ts';
import { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { Vault } from '../vault/vault.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { JsonFile } from './json-file.ts';
import { WorkspaceHolder } from './workspace-holder.ts';

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
  const seals = {
    state: async () => ({ kind: 'os' as const }),
    seal: async (text: string) => Buffer.from(text),
    open: async (sealed: Uint8Array) => ({ secret: Buffer.from(sealed).toString(), sealAgain: false }),
  };
  holder = await WorkspaceHolder.open({
    dir,
    vault: await Vault.open(dir.vault, seals),
    blobs: await BlobStore.open(dir.blobs),
    clock: systemClock(),
    random: () => 0.5,
    trust: new TrustingDispatcher(await Authorities.open(dir.authorities)),
    seedDemo: async () => undefined,
    exportDir: root,
    sealByOs: async (text) => text,
  });
});
afterEach(async () => {
  await holder.close();
  await rm(root, { recursive: true, force: true });
});

test('[SY99] a wipe that is asked for again while it is under way is one wipe: nothing is left that would destroy the next workspace', async () => {
  // So does the engine when a computer was asleep in the middle of it.
  await Promise.all([holder.wipe(), holder.wipe()]);
  expect(holder.current).toBeUndefined();
  expect([existsSync(dir.wiping), existsSync(dir.wiped)]).toEqual([false, true]);
});

test('[SY63] a renewal that is asked for again while it is under way is one renewal: the laptop becomes one new device', async () => {
  const { userId, userName, roles, homeRegion, scopes } = WORKSPACE;
  const answered = Promise.withResolvers<void>();
  let devices = 1;
  const renewDevice = vi.spyOn(ServerClient.prototype, 'renewDevice').mockImplementation(async () => {
    const number = ++devices;
    await answered.promise;
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
  // So does the engine when the answer takes longer than ten minutes.
  const both = [holder.becomeNewDevice(), holder.becomeNewDevice()];
  answered.resolve();
  await Promise.all(both);
  expect(renewDevice).toHaveBeenCalledTimes(1);
  expect([holder.demand().workspace.deviceId, holder.demand().journal.device]).toEqual([
    'device-2',
    'device-2',
  ]);
  renewDevice.mockRestore();
});
