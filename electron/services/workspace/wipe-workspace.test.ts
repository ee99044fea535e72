import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Workspace, WorkspaceSchema } from '#shared/host/app.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { openBundle } from '../bundle/read-bundle.ts';
import { systemClock } from '../journal/clock.ts';
import { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { Authorities } from '../trust/authorities.ts';
import { makePassphraseLock } from '../vault/passphrase-key.ts';
import { noSecretStore } from '../vault/secret-store.ts';
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
let blobs: BlobStore;
let holder: WorkspaceHolder;

const PASSPHRASE = 'correct horse battery';
/** The least that a bundle may ask for. */
const { lock } = await makePassphraseLock(PASSPHRASE, { n: 2 ** 14, r: 1, p: 1 });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'faultline-wipe-'));
  dir = await openDataDir(root);
  await new JsonFile(dir.workspace, WorkspaceSchema).write(WORKSPACE);
  await writeFile(dir.vault, JSON.stringify({ version: 1, passphrase: lock, entries: {} }));
  const vault = await Vault.open(dir.vault, noSecretStore);
  await vault.unlock(PASSPHRASE);
  blobs = await BlobStore.open(dir.blobs);
  holder = await WorkspaceHolder.open({
    dir,
    vault,
    blobs,
    clock: systemClock(),
    random: () => 0.5,
    trust: new TrustingDispatcher(await Authorities.open(dir.authorities)),
    seedDemo: async () => undefined,
    exportDir: join(root, 'downloads'),
    sealByOs: async () => undefined,
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await holder.close();
  await rm(root, { recursive: true, force: true });
});

/** Ids of facts and hashes of attachments in the file that the wipe has left. */
async function inFile(): Promise<string[]> {
  const file = holder.wiped?.quarantineFile;
  if (typeof file !== 'string') return [];
  const bundle = await openBundle(file, PASSPHRASE);
  const found: string[] = [];
  for await (const { events } of bundle.chunks()) found.push(...events.map(({ id }) => id));
  for await (const blob of bundle.blobs()) {
    for await (const _ of blob.bytes);
    found.push(blob.sha256);
  }
  return found;
}

/** Does something at the moment when the key of the file is made. */
function whileSealing(work: () => void): void {
  const { derivedKey } = Vault.prototype;
  vi.spyOn(Vault.prototype, 'derivedKey').mockImplementation(function (this: Vault, ...about) {
    work();
    return derivedKey.apply(this, about);
  });
}

/** Writes a fact, and tells whether it was saved. */
async function save(text: string): Promise<{ id: string; isSaved: boolean }> {
  const draft = aDraft(text);
  const isSaved = await holder
    .demand()
    .journal.append([draft])
    .then(
      () => true,
      () => false,
    );
  return { id: draft.id, isSaved };
}

test('[SY99] what is saved while the unsent work is sealed is in the file, or it is not said to be saved', async () => {
  const before = await save('before');
  let meanwhile: ReturnType<typeof save> | undefined;
  whileSealing(() => {
    meanwhile = save('while the file is written');
  });
  let atLast: ReturnType<typeof save> | undefined;
  const { destroy } = Vault.prototype;
  vi.spyOn(Vault.prototype, 'destroy').mockImplementation(async function (this: Vault) {
    await (atLast = save('while the keys go'));
    await destroy.call(this);
  });
  await holder.wipe();
  const kept = await inFile();
  expect(kept).toContain(before.id);
  for (const fact of [await meanwhile, await atLast])
    expect(fact?.isSaved).toBe(kept.includes(fact?.id ?? ''));
});

test('[SY99] where nothing can be sealed nothing is destroyed, and what was asked for meanwhile is saved', async () => {
  await save('before');
  let meanwhile: ReturnType<typeof save> | undefined;
  whileSealing(() => {
    meanwhile = save('meanwhile');
    throw new Error('no key today');
  });
  await expect(holder.wipe()).rejects.toThrow('no key today');
  expect((await meanwhile)?.isSaved).toBe(true);
  expect((await save('after')).isSaved).toBe(true);
  expect(holder.demand().journal.outbox()).toHaveLength(3);
});

test('[SY99] what was refused by a server that may forget it is sealed, and what a durable one has refused is handed over', async () => {
  const [kept, left] = [await save('refused for good'), await save('perhaps forgotten')];
  const { journal } = holder.demand();
  for (const [{ id }, durable] of [
    [kept, true],
    [left, false],
  ] as const) {
    const verdict = { id, verdict: 'refused' as const, code: 'sync.deviceRevoked' };
    await journal.applyVerdicts({ epoch: 'e1', durable, verdicts: [verdict] });
  }
  await holder.wipe();
  expect(holder.wiped).toMatchObject({ handedOver: 1, quarantined: 1 });
  expect(await inFile()).toContain(left.id);
});

test('[SY99] an attachment that the server does not hold is sealed too, though its fact was accepted', async () => {
  const { sha256, size } = await blobs.put(Buffer.from('the burnt contactor'));
  const { journal } = holder.demand();
  const draft = {
    ...aDraft(''),
    type: 'ticket.evidenceAttached',
    data: { kind: 'photo', name: 'p.jpg', sha256, size, mediaType: 'image/jpeg' },
  };
  await journal.append([draft]);
  const verdicts = [{ id: draft.id, verdict: 'accepted' as const }];
  await journal.applyVerdicts({ epoch: 'e1', durable: true, verdicts });
  await holder.wipe();
  expect(holder.wiped).toMatchObject({ handedOver: 0, quarantined: 1 });
  expect(await inFile()).toEqual([sha256]);
});

test('[SY99] a wipe needs no room on the disk once it has begun', async () => {
  await holder.unsent();
  // Nothing can be written beside the file of the vault.
  await mkdir(`${dir.vault}.${process.pid}.new`);
  await holder.wipe();
  expect(holder.current).toBeUndefined();
});
