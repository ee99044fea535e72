import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Account } from '#server/auth/accounts.ts';
import { ContentFiles } from '#server/blobs/content-files.ts';
import type { Database } from '#server/db/database.ts';
import { removeUnknown } from '#server/ops/sweep-segments.ts';
import { Bootstrap } from '#server/sync/bootstrap.ts';
import { openMemoryDatabase } from '#test/simulation/memory-database.ts';

const SCOPE = 'region/sz';

/** Files, and what another one does when the first content of a cut has been written. */
class SharedFiles extends ContentFiles {
  meanwhile: (() => Promise<unknown>) | undefined;

  override async put(tenant: string, sha256: string, content: Readable, maxBytes: number): Promise<number> {
    const size = await super.put(tenant, sha256, content, maxBytes);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    return size;
  }
}

let database: Database;
let folder: string;
let files: SharedFiles;
let tenants = 0;
let account: Account;

beforeAll(async () => {
  database = await openMemoryDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-cuts-'));
  files = new SharedFiles(folder);
  const tenant = `cuts${++tenants}`;
  const places = { homeRegion: 'sz', regions: ['sz'], teams: [] };
  account = { tenant, id: 'li', name: 'li', roles: ['engineer'], ...places };
  await database.query('INSERT INTO tenants (tenant) VALUES ($1)', [tenant]);
  await database.query('INSERT INTO scopes (tenant, scope, head) VALUES ($1, $2, 4)', [tenant, SCOPE]);
  for (const key of ['asset/1', 'asset/2', 'ticket/1', 'ticket/2'])
    await database.query(
      `INSERT INTO rows (tenant, scope, key, hlc, id, state) VALUES ($1, $2, $3, 'h', 'i', '{"canary":1}')`,
      [tenant, SCOPE, key],
    );
  return () => rm(folder, { recursive: true, force: true });
});

/** A server's own: cuts that are made at the same time in one are one. */
const aServer = (): Bootstrap => new Bootstrap(database, files, { rows: 2, staleAfter: 500 }, Date.now);

/** What a purge of the last ticket leaves to the cuts. */
async function purge(): Promise<void> {
  await database.query(`DELETE FROM rows WHERE tenant = $1 AND key = 'ticket/2'`, [account.tenant]);
  await database.query('UPDATE scopes SET head = head + 1, floor = head + 1 WHERE tenant = $1', [
    account.tenant,
  ]);
}

const stored = async (): Promise<string[]> => {
  const names: string[] = [];
  for await (const { sha256 } of files.list()) names.push(sha256);
  return names.toSorted();
};

it.each([
  ['another server erases an older cut', () => aServer().dropForbidden(account.tenant, [SCOPE])],
  [
    'another server sweeps what no cut knows',
    async () => {
      await aServer().dropForbidden(account.tenant, [SCOPE]);
      await removeUnknown(database, files, Infinity);
    },
  ],
])(
  '[SY15] a cut has all its segments, also those that it shares with one that goes: %s',
  async (_, other) => {
    const before = await aServer().manifest(account, 'e', SCOPE);
    await purge();
    files.meanwhile = other;
    const { segments } = await aServer().manifest(account, 'e', SCOPE);
    expect(segments[0]?.sha256).toBe(before.segments[0]?.sha256);
    for (const { sha256, bytes } of segments)
      expect(await aServer().segment(account, sha256)).toMatchObject({ size: bytes });
  },
);

it('[SY15] segments that were deleted by hand, or by a database that was set back, are made again when they are missed', async () => {
  const server = aServer();
  const before = await server.manifest(account, 'e', SCOPE);
  const [lost, kept] = before.segments.map(({ sha256 }) => sha256);
  await files.remove(account.tenant, lost!);
  // Until somebody asks for the one that is gone, the cut is as good as before.
  expect((await server.manifest(account, 'e', SCOPE)).segments).toEqual(before.segments);
  expect(await server.segment(account, kept!)).toBeDefined();
  expect(await server.segment(account, lost!)).toBeUndefined();
  const { segments } = await server.manifest(account, 'e', SCOPE);
  expect(segments.map(({ sha256 }) => sha256)).toEqual([lost, kept]);
  for (const { sha256, bytes } of segments)
    expect(await server.segment(account, sha256)).toMatchObject({ size: bytes });
});

it('[SY62] a cut that was begun before a purge leaves nothing of it behind', async () => {
  files.meanwhile = async () => {
    await purge();
    await aServer().dropForbidden(account.tenant, [SCOPE]);
  };
  await aServer().manifest(account, 'e', SCOPE);
  const { segments, cursors } = await aServer().manifest(account, 'e', SCOPE);
  expect(cursors).toEqual({ [SCOPE]: 5 });
  expect(await stored()).toEqual(segments.map(({ sha256 }) => sha256).toSorted());
});
