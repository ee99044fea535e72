import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noSecretStore, type SecretStore } from './secret-store.ts';
import { Vault } from './vault.ts';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-vault-'));
  file = join(dir, 'vault.json');
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const PASSWORD = 'zhengliu-48V';
const aPassword = { label: 'SMU', username: 'admin', kind: 'password', password: PASSWORD } as const;

/** A key store that seals by reversing; enough to see that nothing goes past it. */
const osStore: SecretStore = {
  state: async () => ({ kind: 'os' }),
  seal: async (secret) => new TextEncoder().encode([...secret].toReversed().join('')),
  open: async (sealed) => ({
    secret: [...new TextDecoder().decode(sealed)].toReversed().join(''),
    sealAgain: false,
  }),
};

test('[H20] with a key store, a secret is sealed by it and opens after a restart', async () => {
  const vault = await Vault.open(file, osStore);
  expect(await vault.state()).toBe('os');
  const saved = await vault.save(aPassword);
  expect(saved).toEqual({ id: saved.id, label: 'SMU', username: 'admin', kind: 'password', kept: 'stored' });
  const again = await Vault.open(file, osStore);
  expect(again.list()).toEqual([saved]);
  expect(await again.resolve(saved.id)).toEqual({ kind: 'password', password: PASSWORD });
  expect(await readFile(file, 'utf8')).not.toContain(PASSWORD);
});

test('[H21] without a key store and passphrase nothing is written; it is kept until quit', async () => {
  const vault = await Vault.open(file, noSecretStore);
  const saved = await vault.save(aPassword);
  expect(saved.kept).toBe('untilQuit');
  expect(await vault.resolve(saved.id)).toEqual({ kind: 'password', password: PASSWORD });
  await expect(readFile(file)).rejects.toThrow(/ENOENT/);
  const again = await Vault.open(file, noSecretStore);
  expect(again.list()).toEqual([]);
  await expect(again.resolve(saved.id)).rejects.toMatchObject({ code: 'vault.unknownCredential' });
});

test('[H22] a passphrase takes in what was kept until quit, and opens after a restart only with it', async () => {
  const vault = await Vault.open(file, noSecretStore);
  const { id } = await vault.save(aPassword);
  await vault.createPassphrase('四月的雨 rain');
  expect(await vault.state()).toBe('passphrase');
  expect(vault.list()).toMatchObject([{ id, kept: 'stored' }]);
  await expect(vault.createPassphrase('another one')).rejects.toMatchObject({ code: 'vault.exists' });
  expect(await readFile(file, 'utf8')).not.toContain(PASSWORD);

  const again = await Vault.open(file, noSecretStore);
  expect(await again.state()).toBe('locked');
  expect(again.list()).toMatchObject([{ id }]);
  await expect(again.resolve(id)).rejects.toMatchObject({ code: 'vault.locked' });
  await expect(again.save(aPassword)).rejects.toMatchObject({ code: 'vault.locked' });
  await expect(again.unlock('四月的雨 Rain')).rejects.toMatchObject({ code: 'vault.wrongPassphrase' });
  await again.unlock('四月的雨 rain');
  expect(await again.resolve(id)).toEqual({ kind: 'password', password: PASSWORD });
  again.lock();
  await expect(again.resolve(id)).rejects.toMatchObject({ code: 'vault.locked' });
});

test('[H22] a sealed secret moved to another entry does not open', async () => {
  const vault = await Vault.open(file, noSecretStore);
  await vault.createPassphrase('passphrase');
  const a = await vault.save(aPassword);
  const b = await vault.save({ ...aPassword, label: 'other', password: 'harmless' });
  const content = JSON.parse(await readFile(file, 'utf8'));
  content.entries[b.id].sealed = content.entries[a.id].sealed;
  await writeFile(file, JSON.stringify(content));
  const tampered = await Vault.open(file, noSecretStore);
  await tampered.unlock('passphrase');
  await expect(tampered.resolve(b.id)).rejects.toMatchObject({ code: 'vault.cannotOpen' });
});

test('[H23] secrets of the host are in no list', async () => {
  const vault = await Vault.open(file, osStore);
  await vault.keepInternal('server-token', 'token-1');
  expect(vault.list()).toEqual([]);
  expect(await (await Vault.open(file, osStore)).readInternal('server-token')).toBe('token-1');
  expect(await vault.readInternal('nothing')).toBeUndefined();
});

test('a damaged file is left alone', async () => {
  await writeFile(file, '{"version":1,');
  await expect(Vault.open(file, osStore)).rejects.toMatchObject({ code: 'vault.damaged' });
  expect(await readFile(file, 'utf8')).toBe('{"version":1,');
});

test('[H22] of two passphrases that are made at the same time one counts: what is kept is sealed by it', async () => {
  const vault = await Vault.open(file, noSecretStore);
  const both = [vault.createPassphrase('the first one'), vault.createPassphrase('the second one')];
  const outcomes = await Promise.allSettled(both);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'vault.exists' },
  });
});

/** In the way of every write until it is taken away again. */
async function block(): Promise<{ away(): Promise<void> }> {
  const temp = `${file}.${process.pid}.new`;
  await mkdir(temp);
  return { away: () => rmdir(temp) };
}

test('[H22] a passphrase that could not be written down is none: nothing is locked or sealed by it', async () => {
  const vault = await Vault.open(file, noSecretStore);
  const { id } = await vault.save(aPassword);
  const blocked = await block();
  await expect(vault.createPassphrase('the first one')).rejects.toThrow(/EISDIR/);
  expect([await vault.state(), vault.passphraseLock]).toEqual(['unavailable', undefined]);
  expect(vault.list()).toMatchObject([{ id, kept: 'untilQuit' }]);
  await blocked.away();
  await vault.createPassphrase('the second one');
  const again = await Vault.open(file, noSecretStore);
  await again.unlock('the second one');
  expect(await again.resolve(id)).toMatchObject({ password: PASSWORD });
});

test('[H22] a secret that could not be written down is not shown as stored', async () => {
  const vault = await Vault.open(file, noSecretStore);
  await vault.createPassphrase('the first one');
  const kept = await vault.save(aPassword);
  const blocked = await block();
  await expect(vault.save({ ...aPassword, label: 'other' })).rejects.toThrow(/EISDIR/);
  await expect(vault.save({ ...aPassword, id: kept.id, password: 'changed' })).rejects.toThrow(/EISDIR/);
  await blocked.away();
  expect(vault.list()).toEqual([kept]);
  expect(await vault.resolve(kept.id)).toMatchObject({ password: PASSWORD });
});
