import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Database } from '#server/db/database.ts';
import { migrate, migrateIn, MIGRATIONS, migrationsIn, statementsOf } from '#server/db/migrate.ts';
import { openPglite } from '#server/db/open-pglite.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { startServer } from '#server/start.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES } from '#test/support/test-server.ts';

/** Argon2id of "demo", as the first version wrote it. */
const PASSWORD = '$argon2id$v=19$m=19456,t=2,p=1$';
const PHOTO = 'c0ffee'.padEnd(64, '0');
const versions = MIGRATIONS.map(({ id }) => id);

vi.setConfig({ testTimeout: 90_000 });

describe.each(DATABASES)('Migrations on %s', (kind) => {
  let postgres: Postgres | undefined;
  let folder: string;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-migrations-'));
    if (kind === 'PostgreSQL') postgres = await startPostgres({ settings: ['fsync=off'] });
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const place = async (): Promise<{ data: string; databaseUrl?: string }> => {
    const data = join(folder, String(++count));
    if (postgres === undefined) await placeEmptyDatabase(data);
    return postgres === undefined ? { data } : { data, databaseUrl: await postgres.createDatabase() };
  };
  const openAt = ({ data, databaseUrl }: { data: string; databaseUrl?: string }): Promise<Database> =>
    databaseUrl === undefined
      ? openPglite(join(data, 'database'))
      : openPostgres(databaseUrl, (error) => {
          throw error;
        });

  it.each(versions)(
    '[SY74b] bring a database of version %s to the newest with all it holds',
    async (version) => {
      const where = await place();
      const old = await openAt(where);
      await old.transaction('write', (sql) => migrateIn(sql, version));
      expect(await migrationsIn(old)).toEqual(versions.slice(0, versions.indexOf(version) + 1));
      const event = await fill(old);
      await old.close();

      const server = await startServer({ ...where, logLevel: 'silent' });
      try {
        expect(server.epoch).toBe('epoch-of-then');
        await server.addAccount({
          id: 'li.wei',
          name: 'Li Wei',
          password: 'demo',
          roles: ['engineer'],
          homeRegion: 'sz',
        });
        const device = await SyncDevice.logIn(server.url, 'li.wei', 'demo', { id: 'device-of-then' });
        expect(device.login).toMatchObject({
          deviceId: 'device-of-then',
          deviceCode: 'SZ01',
          regions: ['sz'],
        });
        await device.pull();
        expect(device.received.get('region/sz')).toEqual([{ n: 1, event }]);
        expect((await device.entity('probe/1')).map(({ id }) => id)).toEqual([event.id]);
        const next = device.event({ stream: 'probe/1' });
        const answer = await device.push([next]);
        expect(answer.verdicts).toMatchObject([{ id: next.id, verdict: expect.stringMatching(/^accepted/) }]);
      } finally {
        await server.close();
      }
      const newest = await openAt(where);
      expect(await migrationsIn(newest)).toEqual(versions);
      const named = await newest.query(
        'SELECT sha256, id, refused, stream, writer, opens FROM blob_references ORDER BY refused',
      );
      const common = { sha256: PHOTO, stream: 'probe/1', writer: 'li.wei' };
      // From 0008 on it is written down with each fact.
      if (version < '0008')
        expect(named).toEqual([
          { ...common, id: event.id, refused: false, opens: true },
          { ...common, id: 'refused-then', refused: true, opens: false },
        ]);
      await newest.close();
    },
    60_000,
  );

  it('[SY74b] of a newer program keep an older one from starting, and nothing is changed', async () => {
    const where = await place();
    const newer = await openAt(where);
    await migrate(newer);
    await newer.query(`INSERT INTO migrations (id) VALUES ('9999-of-tomorrow')`);
    await newer.close();
    await expect(startServer({ ...where, logLevel: 'silent' })).rejects.toMatchObject({
      code: 'server.newerDatabase',
      message: expect.stringMatching(/9999-of-tomorrow.*Nothing was changed/s),
    });
    const still = await openAt(where);
    expect(await migrationsIn(still)).toEqual([...versions, '9999-of-tomorrow']);
    await still.close();
  }, 60_000);
});

describe('The text of a migration', () => {
  it('[SY74b] is cut at semicolons that end a line, and not inside the body of a block', () => {
    const text = `CREATE TABLE a (x text);\n\nDO $$ BEGIN\n  PERFORM 1;\nEND $$;\nINSERT INTO a VALUES ('x;y');\n`;
    expect(statementsOf(text)).toEqual([
      'CREATE TABLE a (x text)',
      'DO $$ BEGIN\n  PERFORM 1;\nEND $$',
      `INSERT INTO a VALUES ('x;y')`,
    ]);
  });
});

/** What every version since the first has had: a tenant, a user, a device, and one fact with its row. */
async function fill(database: Database) {
  const event = {
    actor: 'li.wei',
    at: '2026-03-02T01:00:00.000Z',
    clock: { bootId: 'b', monotonicMs: 1 },
    data: { text: '整流模块', pictures: [{ sha256: PHOTO, size: 5 }] },
    device: 'device-of-then',
    hlc: '0mm8vd5s0-0000-device-of-then',
    id: '019cac28-1a80-7000-8000-000000000001',
    prev: '',
    scope: 'region/sz',
    stream: 'probe/1',
    type: 'probe.noted',
    tz: 'Asia/Shanghai',
    v: 1,
  };
  const { id, hlc } = event;
  await database.transaction('write', async (sql) => {
    await sql.query(`INSERT INTO server_facts VALUES ('epoch', 'epoch-of-then')`);
    await sql.query(`INSERT INTO tenants (tenant) VALUES ('main')`);
    await sql.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region)
       VALUES ('main', 'li.wei', '李伟', $1, 'engineer', 'sz')`,
      [PASSWORD],
    );
    await sql.query(
      `INSERT INTO devices (tenant, id, user_id, code, name, platform)
       VALUES ('main', 'device-of-then', 'li.wei', 'SZ01', 'Laptop', 'linux')`,
    );
    const digits = id.replaceAll('-', '');
    const sum = BigInt(`0x${digits.slice(0, 16)}`) * 31n + BigInt(`0x${digits.slice(16)}`);
    await sql.query(
      `INSERT INTO scopes (tenant, scope, head, hash) VALUES ('main', 'region/sz', 1, $1::numeric)`,
      [String(sum & ((1n << 64n) - 1n))],
    );
    await sql.query(`INSERT INTO scopes (tenant, scope) VALUES ('main', 'org'), ('main', 'user/li.wei')`);
    await sql.query(
      `INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, body)
       VALUES ('main', 'region/sz', 1, $1, 'probe/1', 'device-of-then', $2, 'hash', $3)`,
      [id, hlc, JSON.stringify(event)],
    );
    await sql.query(
      `INSERT INTO refusals (tenant, device, id, stream, hlc, hash, code, user_id, body)
       VALUES ('main', 'device-of-then', 'refused-then', 'probe/1', $1, 'hash', 'sync.noRight', 'li.wei', $2)`,
      [hlc, JSON.stringify({ ...event, id: 'refused-then' })],
    );
    await sql.query(
      `INSERT INTO event_entities (tenant, scope, key, hlc, id) VALUES ('main', 'region/sz', 'probe/1', $2, $1)`,
      [id, hlc],
    );
    await sql.query(
      `INSERT INTO rows (tenant, scope, key, hlc, id, state) VALUES ('main', 'region/sz', 'probe/1', $2, $1, '{}')`,
      [id, hlc],
    );
  });
  return event;
}
