import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HostError } from '#shared/host/errors.ts';
import type { RefreshAnswer } from '#shared/sync/protocol.ts';
import { systemClock } from '../journal/clock.ts';
import { SyncError } from '../sync/sync-error.ts';
import { Vault } from '../vault/vault.ts';
import { LoginKeeper } from './login-keeper.ts';

let dir: string;
let keeper: LoginKeeper;
let told: string[];

const osStore = {
  state: async () => ({ kind: 'os' as const }),
  seal: async (text: string) => Buffer.from(text),
  open: async (sealed: Uint8Array) => ({ secret: Buffer.from(sealed).toString(), sealAgain: false }),
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-login-'));
  told = [];
  keeper = await aKeeper();
  await keeper.keep(pair('old'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

async function aKeeper(): Promise<LoginKeeper> {
  const keeper = new LoginKeeper({
    vault: await Vault.open(join(dir, 'vault.json'), osStore),
    clock: systemClock(),
    device: () => 'device-1',
    onStanding: ({ userName }) => told.push(userName),
  });
  await keeper.load();
  return keeper;
}

function pair(token: string): RefreshAnswer {
  const expiresAt = new Date(Date.now() + 900_000).toISOString();
  const standing = { userName: token, roles: [], scopes: [], homeRegion: 'sz', regions: [], teams: [] };
  return { token, refreshToken: `${token}-refresh`, expiresAt, ...standing } as never;
}

/** A renewal of the old login whose answer is under way. */
async function renewing(): Promise<{ done: Promise<void>; answer: PromiseWithResolvers<RefreshAnswer> }> {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<RefreshAnswer>();
  const done = keeper.renew('old', () => {
    asked.resolve();
    return answer.promise;
  });
  await asked.promise;
  return { done, answer };
}

test('[SY99] [SY92] the answer to a renewal that comes after the laptop was wiped says nothing about the login of the next workspace', async () => {
  const { done, answer } = await renewing();
  await keeper.forgetDevice();
  await keeper.keep(pair('next'));
  answer.resolve(pair('old renewed'));
  await done;
  expect(keeper.token).toBe('next');
  expect((await aKeeper()).token).toBe('next');
  expect(told).toEqual([]);
});

test('[SY99] [SY92] nor does its refusal', async () => {
  const { done, answer } = await renewing();
  await keeper.forgetDevice();
  await keeper.keep(pair('next'));
  answer.reject(new SyncError('sync.needsLogin', 'revoked'));
  await done;
  expect((await aKeeper()).token).toBe('next');
});

test('[SY99] [SY92] nor does it bring a login back where there is none any more', async () => {
  const { done, answer } = await renewing();
  await keeper.forgetDevice();
  answer.resolve(pair('old renewed'));
  await expect(done).rejects.toMatchObject({ code: 'sync.needsLogin' });
  expect((await aKeeper()).token).toBeUndefined();
});

test('[SY92] on a full disk a renewed login is used all the same: the one before is spent', async () => {
  const { done, answer } = await renewing();
  const full = new HostError('host.diskFull', 'The disk is full.');
  vi.spyOn(Vault.prototype, 'keepInternal').mockRejectedValueOnce(full);
  answer.resolve(pair('renewed'));
  await done;
  expect(keeper.token).toBe('renewed');
});

test('[SY99] whoever asks after a login has ended is told why it did, until there is another', async () => {
  const { done, answer } = await renewing();
  answer.reject(new SyncError('sync.needsLogin', 'ended', { serverCode: 'auth.badSignature' }));
  const why = { code: 'sync.needsLogin', detail: { serverCode: 'auth.badSignature' } };
  await expect(done).rejects.toMatchObject(why);
  const ask = async (): Promise<never> => Promise.reject(new Error('not asked'));
  await expect(keeper.renew(undefined, ask)).rejects.toMatchObject(why);
  await keeper.keep({ token: 'next', expiresAt: '2100-01-01T00:00:00.000Z' });
  await expect(keeper.renew('next', ask)).rejects.toMatchObject({ detail: {} });
});
