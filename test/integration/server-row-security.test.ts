import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlState, type Database, type Sql, type View } from '#server/db/database.ts';
import { migrate } from '#server/db/migrate.ts';
import { openPglite } from '#server/db/open-pglite.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';

/** Who owns the database: a superuser, a user who may make roles, or one who may do neither. */
const KINDS = ['PGlite', 'superuser', 'createrole', 'plain'] as const;
const SCOPES = ['org', 'region/bj', 'region/sz', 'user/li', 'user/zhao'] as const;
const SCOPED = [
  'scopes',
  'events',
  'event_entities',
  'rows',
  'deliveries',
  'share_reasons',
  'segment_cuts',
  'segments',
] as const;
const view = (more: Partial<View> = {}): View => ({
  tenant: 'a',
  reach: 'named',
  scopes: ['org', 'region/sz', 'user/li'],
  device: '',
  ...more,
});

describe.each(KINDS)('Row-level security, the database owned by %s', (kind) => {
  let postgres: Postgres | undefined;
  let folder: string;
  let database: Database;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-rows-'));
    if (kind === 'PGlite') {
      await placeEmptyDatabase(folder);
      database = await openPglite(join(folder, 'database'));
    } else {
      postgres = await startPostgres({ settings: ['fsync=off'] });
      database = await openPostgres(await addressOf(postgres, kind), () => undefined);
    }
    await migrate(database);
    for (const tenant of ['a', 'b']) await database.transaction('write', (sql) => fill(sql, tenant));
  });
  afterAll(async () => {
    await database?.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const all = (table: string, as: View, mode: 'write' | 'snapshot' = 'snapshot') =>
    database.transaction(mode, (sql) => sql.query<Place>(`SELECT * FROM ${table}`), { as });
  const refused = async (text: string, as: View): Promise<string | undefined> => {
    try {
      await database.transaction('write', (sql) => sql.query(text), { as });
      return undefined;
    } catch (error) {
      return sqlState(error) ?? String(error);
    }
  };

  it.each(SCOPED)(
    '[SY49] shows of %s nothing but the own tenant and scopes, without any WHERE',
    async (table) => {
      const everything = await database.query<Place>(`SELECT * FROM ${table}`);
      expect(new Set(everything.map(({ tenant }) => tenant))).toEqual(new Set(['a', 'b']));
      for (const mode of ['write', 'snapshot'] as const) {
        const seen = await all(table, view(), mode);
        expect(seen.length).toBeGreaterThan(0);
        expect(new Set(seen.map(placeOf))).toEqual(new Set(['a org', 'a region/sz', 'a user/li']));
        expect(await all(table, view({ scopes: [] }), mode)).toEqual([]);
      }
      const regions = await all(table, view({ reach: 'regions', scopes: ['org'] }));
      expect(new Set(regions.map(placeOf))).toEqual(new Set(['a org', 'a region/bj', 'a region/sz']));
      // Who takes facts in has no business with segments.
      const hasNone = kind !== 'plain' && table.startsWith('segment');
      if (hasNone) expect(await refused(`SELECT 1 FROM ${table}`, view({ reach: 'tenant' }))).toBe('42501');
      else {
        const tenant = await all(table, view({ reach: 'tenant', scopes: [] }));
        expect(tenant).toHaveLength(everything.filter((row) => row.tenant === 'a').length);
      }
      if (!hasNone) expect(await all(table, view({ tenant: 'c', reach: 'tenant' }))).toEqual([]);
    },
  );

  it('[SY49] shows the facts of a stream that is shared here, until it is not shared any more', async () => {
    const expert = view({ scopes: ['user/li'] });
    await database.query(
      `INSERT INTO shares (tenant, stream, home, scope, hlc, id, active)
       VALUES ('a', 'ticket/region/bj', 'region/bj', 'user/li', '1', 's', true)`,
    );
    await database.query(
      `INSERT INTO deliveries (tenant, scope, n, kind, id, stream, home)
       SELECT 'a', 'user/li', 9, 'event', id, stream, scope FROM events WHERE tenant = 'a' AND scope = 'region/bj'`,
    );
    expect(new Set((await all('events', expert)).map(placeOf))).toEqual(
      new Set(['a user/li', 'a region/bj']),
    );
    await database.query(`UPDATE shares SET active = false WHERE tenant = 'a'`);
    expect(new Set((await all('events', expert)).map(placeOf))).toEqual(new Set(['a user/li']));
    await database.query(`DELETE FROM deliveries WHERE n = 9`);
  });

  it('[SY49] shows a device its own facts wherever they are, and only its own refusals', async () => {
    const own = view({ scopes: [], device: 'device-region/bj' });
    expect((await all('events', own)).map(placeOf)).toEqual(['a region/bj']);
    expect((await all('refusals', own)).map(({ device }) => device)).toEqual(['device-region/bj']);
    expect((await all('devices', own)).map(({ id }) => id)).toEqual(['device-region/bj']);
    expect((await all('blobs', own)).map(({ tenant }) => tenant)).toEqual(['a']);
  });

  it('[SY49] shows who names an attachment only where the fact is seen', async () => {
    for (const tenant of ['a', 'b']) {
      await database.query(
        `INSERT INTO event_entities (tenant, scope, key, hlc, id) VALUES ($1, 'region/bj', 'ticket/photo', '1', 'e')`,
        [tenant],
      );
      await database.query(
        `INSERT INTO blob_references (tenant, sha256, id, refused, stream, hlc, writer, opens)
         VALUES ($1, 'sha', 'e', false, 'ticket/photo', '1', 'li', true)`,
        [tenant],
      );
    }
    const named = (as: View) => all('blob_references', as);
    expect(await named(view())).toEqual([]);
    expect((await named(view({ scopes: ['region/bj'] }))).map(({ tenant }) => tenant)).toEqual(['a']);
    expect((await named(view({ reach: 'regions' }))).map(({ tenant }) => tenant)).toEqual(['a']);
    expect(await named(view({ tenant: 'c', reach: 'tenant' }))).toEqual([]);
    await database.query(`DELETE FROM event_entities WHERE key = 'ticket/photo'`);
    expect(await named(view({ scopes: ['region/bj'] }))).toEqual([]);
    await database.query('DELETE FROM blob_references');
  });

  it('[SY49] takes nothing for another tenant or scope', async () => {
    const event = (tenant: string, scope: string): string =>
      `INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, body)
       VALUES ('${tenant}', '${scope}', 99, 'new-${tenant}-${scope}', 's/1', 'd', '1', 'h', '{}')`;
    expect(await refused(event('b', 'region/sz'), view())).toBe('42501');
    expect(await refused(event('a', 'region/bj'), view())).toBe('42501');
    expect(await refused(event('b', 'region/sz'), view({ reach: 'tenant' }))).toBe('42501');
    expect(await refused(event('a', 'region/sz'), view())).toBeUndefined();
    await database.query('DELETE FROM events WHERE n = 99');

    const changed = await database.transaction(
      'write',
      async (sql) => {
        const rows = await sql.query<Place>(`UPDATE rows SET state = '"changed"' RETURNING *`);
        await sql.query('UPDATE scopes SET head = head + 1');
        await sql.query('DELETE FROM event_entities');
        return rows;
      },
      { as: view({ scopes: ['region/sz'] }) },
    );
    expect(changed.map(placeOf)).toEqual(['a region/sz']);
    const touched = `SELECT tenant || ' ' || scope AS place FROM`;
    expect(await database.query(`${touched} rows WHERE state = '"changed"'`)).toEqual([
      { place: 'a region/sz' },
    ]);
    expect(await database.query(`${touched} scopes WHERE head > 1`)).toEqual([{ place: 'a region/sz' }]);
    expect(await database.query('SELECT 1 FROM event_entities')).toHaveLength(2 * SCOPES.length - 1);
  });

  it('[SY49] leaves nothing of one transaction to the next one of its connection', async () => {
    for (let round = 0; round < 40; round++) {
      await all('events', view());
      expect(await database.query('SELECT 1 FROM events')).toHaveLength(2 * SCOPES.length);
      await refused('SELECT 1/0', view());
      expect(await database.transaction('write', (sql) => sql.query('SELECT 1 FROM events'))).toHaveLength(
        2 * SCOPES.length,
      );
    }
  });

  it('[SY49] takes names as names, whatever is written in them', async () => {
    const nasty = `a', true); RESET ROLE; SELECT set_config('x.y', '`;
    expect(await all('events', view({ tenant: nasty, reach: 'tenant' }))).toEqual([]);
    expect(await all('events', view({ scopes: [`region/sz') OR ('1'='1`, '\\', "'"] }))).toEqual([]);
    expect((await all('events', view({ device: `x' OR true --`, scopes: [] }))).length).toBe(0);
  });

  it.runIf(kind !== 'plain')('[SY49] hides accounts, logins and the audit log altogether', async () => {
    for (const table of [
      'users',
      'sessions',
      'logins',
      'refresh_tokens',
      'audit_log',
      'tenants',
      'server_facts',
    ])
      expect([table, await refused(`SELECT * FROM ${table}`, view({ reach: 'tenant' }))]).toEqual([
        table,
        '42501',
      ]);
    expect(await refused('DELETE FROM events', view())).toBe('42501');
    expect(await refused('DROP TABLE events', view())).toBe('42501');
  });

  it.runIf(kind !== 'plain')('[SY49] shows nothing to the role while nobody is named', async () => {
    const seen = await database.transaction('write', async (sql) => {
      await sql.query('SET LOCAL ROLE faultline_member');
      return sql.query('SELECT 1 FROM events');
    });
    expect(seen).toEqual([]);
  });
});

interface Place {
  readonly tenant: string;
  readonly scope: string;
  readonly device: string;
  readonly id: string;
}

const placeOf = ({ tenant, scope }: Place): string => `${tenant} ${scope}`;

/** A database of its own on the cluster, owned by a login user of that kind. */
async function addressOf(postgres: Postgres, kind: string): Promise<string> {
  if (kind === 'superuser') return postgres.url;
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`CREATE ROLE owner LOGIN ${kind === 'createrole' ? 'CREATEROLE' : ''}`);
  await client.query('CREATE DATABASE owned OWNER owner');
  // Made by another installation on the same cluster: it is there, but not for this user.
  if (kind === 'plain') await client.query('CREATE ROLE faultline_member NOLOGIN');
  await client.end();
  const url = new URL(postgres.url);
  url.username = 'owner';
  url.pathname = '/owned';
  return url.href;
}

/** One line of every kind in every scope. */
async function fill(sql: Sql, tenant: string): Promise<void> {
  await sql.query('INSERT INTO tenants (tenant) VALUES ($1)', [tenant]);
  await sql.query(
    `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, 'li', 'Li', 'x', 'desk', 'sz')`,
    [tenant],
  );
  await sql.query(`INSERT INTO blobs (tenant, sha256, size) VALUES ($1, 'sha', 1)`, [tenant]);
  for (const scope of SCOPES) {
    const place = [tenant, scope];
    const device = `device-${scope}`;
    await sql.query(
      `INSERT INTO devices (tenant, id, user_id, code, name, platform) VALUES ($1, $2, 'li', $2, '', '')`,
      [tenant, device],
    );
    await sql.query('INSERT INTO scopes (tenant, scope, head) VALUES ($1, $2, 1)', place);
    await sql.query(
      `INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, body)
       VALUES ($1, $2, 1, $3, $4, $5, '1', 'h', '{}')`,
      [...place, `event-${scope}`, `ticket/${scope}`, device],
    );
    await sql.query(
      `INSERT INTO event_entities (tenant, scope, key, hlc, id) VALUES ($1, $2, 'ticket/1', '1', 'e')`,
      place,
    );
    await sql.query(
      `INSERT INTO rows (tenant, scope, key, hlc, id, state) VALUES ($1, $2, 'ticket/1', '1', 'e', '{}')`,
      place,
    );
    await sql.query(
      `INSERT INTO deliveries (tenant, scope, n, kind, id, stream, home) VALUES ($1, $2, 2, 'left', $2, 's/1', 'org')`,
      place,
    );
    await sql.query(
      `INSERT INTO share_reasons (tenant, home, stream, scope, because) VALUES ($1, $2, 'site/1', $2, 'ticket/1')`,
      place,
    );
    await sql.query(
      'INSERT INTO segment_cuts (tenant, scope, head, hash, cut_at) VALUES ($1, $2, 1, 0, 0)',
      place,
    );
    await sql.query(
      `INSERT INTO segments (tenant, scope, head, place, sha256, row_count, bytes) VALUES ($1, $2, 1, 0, 'sha', 1, 1)`,
      place,
    );
    await sql.query(
      `INSERT INTO refusals (tenant, device, id, stream, hlc, hash, code, user_id, body)
       VALUES ($1, $2, $2, 's/1', '1', 'h', 'sync.noRight', 'li', '{}')`,
      [tenant, device],
    );
  }
}
