import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '#server/auth/sessions.ts';
import type { Database, Sql, View } from '#server/db/database.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { readEntity } from '#server/sync/read-entity.ts';
import { PullLineSchema } from '#shared/sync/protocol.ts';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { newUser } from '#test/support/attack/victim.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

const COUNT = 4_400;

describe.each(DATABASES)('An entity with very many facts on %s', (kind) => {
  let server: AttackedServer;
  let engineer: SyncDevice;
  const ids: string[] = [];

  beforeAll(async () => {
    server = await AttackedServer.start(kind);
    engineer = await newUser(server, { tenant: 'acme', id: 'li', roles: ['engineer'], homeRegion: 'sz' });
    const text = 'x'.repeat(2_000);
    for (let sent = 0; sent < COUNT; sent += 200) {
      const events = Array.from({ length: 200 }, () =>
        engineer.event({ stream: 'probe/large', data: { text } }),
      );
      ids.push(...events.map(({ id }) => id));
      await engineer.push(events);
    }
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  it('[SY13] comes whole and in fold order', async () => {
    expect((await engineer.entity('probe/large')).map(({ id }) => id)).toEqual(ids);
  }, 60_000);

  it('[SY13] is read in pages only as fast as it is taken, packed or not', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const before = await openTransactions();
      const response = await fetch(`${server.url}/v1/entities/probe/large`, {
        headers: { authorization: `Bearer ${engineer.login.token}`, 'accept-encoding': encoding },
      });
      expect(response.status).toBe(200);
      const reader = response.body!.getReader();
      const decoder = new TextDecoder();
      let rest = '';
      const seen: string[] = [];
      for (let first = true; ; first = false) {
        const { done, value } = await reader.read();
        if (done) break;
        // Nothing is held open for who reads slowly.
        if (first) expect(await openTransactions()).toBe(before);
        const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const parsed = PullLineSchema.parse(JSON.parse(line));
          if (parsed.k === 'event') seen.push(parsed.event.id);
        }
      }
      expect(seen).toEqual(ids);
    }
  }, 60_000);

  it.runIf(kind === 'PostgreSQL')(
    '[SY13] never holds more than a page, whatever the pages are',
    async () => {
      const database = await openPostgres(server.databaseUrl!, () => undefined);
      try {
        const watched = watch(database);
        const limits = { events: 700, bytes: 200_000 };
        const lines = await readEntity(
          { database: watched.database },
          () => Promise.resolve(sessionOf(engineer)),
          'probe/large',
          limits,
        );
        expect(watched.pages).toHaveLength(1);
        const seen: string[] = [];
        for await (const line of lines) seen.push((JSON.parse(line) as { event: { id: string } }).event.id);
        expect(seen).toEqual(ids);
        // 2 KB and an envelope each.
        expect(Math.max(...watched.pages)).toBeLessThanOrEqual(limits.bytes);
        expect(watched.pages.length).toBeGreaterThan(40);
      } finally {
        await database.close();
      }
    },
    60_000,
  );

  it('[SY13] ends where the right to it ended', async () => {
    for (const [change, back] of [
      [
        `UPDATE users SET home_region = 'bj' WHERE id = 'li'`,
        `UPDATE users SET home_region = 'sz' WHERE id = 'li'`,
      ],
      [
        `UPDATE devices SET revoked_at = 1 WHERE user_id = 'li'`,
        `UPDATE devices SET revoked_at = NULL WHERE user_id = 'li'`,
      ],
    ] as const) {
      const seen = await factsUntil(change);
      expect(seen).toBeGreaterThan(0);
      expect(seen).toBeLessThan(COUNT);
      await server.rows(back);
    }
    expect(await engineer.entity('probe/large')).toHaveLength(COUNT);
  }, 60_000);

  it('[SY13] gives nothing of it to who may not see it', async () => {
    const far = await newUser(server, { tenant: 'acme', id: 'far', roles: ['engineer'], homeRegion: 'bj' });
    expect(await far.entity('probe/large')).toEqual([]);
  });

  /** How many facts come when the database is changed behind the first bytes, and nothing is taken before that. */
  async function factsUntil(change: string): Promise<number> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${engineer.login.token}` };
      get(`${server.url}/v1/entities/probe/large`, { headers }, resolve).on('error', reject);
    });
    await server.rows(change);
    let text = '';
    try {
      for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
    } catch (thrown) {
      // Cut off where there was no answer to give any more.
      expect(thrown).toMatchObject({ code: 'ECONNRESET' });
    }
    return text.split('\n').length - 1;
  }

  async function openTransactions(): Promise<number> {
    if (kind === 'PGlite') return 0;
    const [row] = await server.rows<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'`,
    );
    return Number(row?.count);
  }
});

/** The same database, with the bytes of bodies that each transaction has read. */
function watch(database: Database): { database: Database; pages: number[] } {
  const pages: number[] = [];
  const watched: Database = {
    ...database,
    query: (text, parameters) => database.query(text, parameters),
    transaction: (mode, work, options: { readonly as?: View } = {}) =>
      database.transaction(
        mode,
        async (sql) => {
          let bytes = 0;
          const counting: Sql = {
            query: async <R extends object>(text: string, parameters?: readonly unknown[]) => {
              const rows = await sql.query<R>(text, parameters);
              for (const row of rows) bytes += (row as { body?: string }).body?.length ?? 0;
              return rows;
            },
          };
          const result = await work(counting);
          pages.push(bytes);
          return result;
        },
        options,
      ),
  };
  return { database: watched, pages };
}

function sessionOf({ login }: SyncDevice): Session {
  const { tenant, userId: id, userName: name, roles, homeRegion, regions, teams, deviceId } = login;
  return {
    account: { tenant, id, name, roles, homeRegion, regions, teams },
    deviceId,
    expiresAtMs: Infinity,
    deviceRevoked: false,
  };
}
