import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endLogins } from '#server/auth/end-logins.ts';
import { countAttempt, forgive } from '#server/auth/login-throttle.ts';
import { readSession } from '#server/auth/sessions.ts';
import type { Database } from '#server/db/database.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { startServer, type RunningServer } from '#server/start.ts';
import { ask, DeviceKey, logInAt, refreshAt, type ReadAnswer } from '#test/support/login-device.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';

const MINUTE = 60_000;
const codeOf = ({ status, body }: ReadAnswer<object>): [number, unknown] => [
  status,
  (body as { code?: unknown }).code,
];

describe.each(['PGlite', 'PostgreSQL'] as const)('Logging in on %s', (kind) => {
  let postgres: Postgres | undefined;
  let folder: string;
  let server: RunningServer;
  let clock = Date.now();
  const lines: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline-login-'));
    if (kind === 'PostgreSQL') postgres = await startPostgres({ settings: ['fsync=off'] });
    server = await startServer({
      data: folder,
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
      demo: true,
      logLevel: 'trace',
      logTo: { write: (line: string) => void lines.push(line) },
      now: () => clock,
    });
  });
  afterAll(async () => {
    await server?.close();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const opens = async (token: string): Promise<[number, unknown]> =>
    codeOf(await ask(server.url, 'GET', '/v1/bootstrap', undefined, { authorization: `Bearer ${token}` }));
  /** A login with a key, and what refreshes it. */
  const login = async (user = 'li.wei', device: object = {}) => {
    const key = new DeviceKey();
    const { body } = await logInAt(server.url, { user, key, device });
    return { key, body, device: body.deviceId, refreshToken: body.refreshToken! };
  };
  type Login = Awaited<ReturnType<typeof login>>;
  const next = ({ key, device }: Login, refreshToken: string, changed?: object) =>
    refreshAt(server.url, key, { device, refreshToken }, changed);

  it('[SY50] gives a laptop with a key a pair of tokens, and a new pair for the refresh token', async () => {
    const first = await login();
    expect(Date.parse(first.body.expiresAt) - clock).toBe(15 * MINUTE);
    expect(Date.parse(first.body.refreshExpiresAt!) - clock).toBe(30 * 24 * 60 * MINUTE);
    clock += 16 * MINUTE;
    expect(await opens(first.body.token)).toEqual([401, 'auth.expired']);
    const { status, body } = await next(first, first.refreshToken);
    expect(status).toBe(200);
    expect(body).toMatchObject({ userName: first.body.userName, homeRegion: 'sz', regions: ['sz'] });
    expect(body.scopes).toEqual(first.body.scopes);
    expect(body.refreshToken).not.toBe(first.refreshToken);
    expect(await opens(body.token)).toEqual([200, undefined]);
    expect((await next(first, body.refreshToken!)).status).toBe(200);
  });

  it('[SY50] gives an older laptop without a key one token, as before', async () => {
    const { body } = await logInAt(server.url, { user: 'li.wei' });
    expect(Date.parse(body.expiresAt) - clock).toBe(12 * 60 * MINUTE);
    expect(body.refreshToken).toBeUndefined();
    expect(await opens(body.token)).toEqual([200, undefined]);
  });

  it('[SY50] takes Ed25519 keys only', async () => {
    const device = { publicKey: Buffer.from('no key at all').toString('base64url') };
    expect(codeOf(await logInAt(server.url, { user: 'li.wei', device }))).toEqual([400, 'auth.badKey']);
  });

  it('[SY51] takes a refresh from the device it was given to only, and ends nothing because of others', async () => {
    const mine = await login();
    const other = await login('zhang.min');
    const { device, refreshToken } = mine;
    const attacks = [
      // Somebody with the token but without the key.
      refreshAt(server.url, other.key, { device, refreshToken }),
      // Another device of the same server, with its own key.
      refreshAt(server.url, other.key, { device: other.device, refreshToken }),
      // What was signed was changed on the way.
      next(mine, refreshToken, { at: '2026-01-01T00:00:00Z' }),
      next(mine, refreshToken, { device: other.device }),
      next(mine, refreshToken, { signature: '' }),
      next(mine, other.refreshToken),
      next(mine, 'x'.repeat(43)),
      next(mine, `main.${randomUUID()}.${'x'.repeat(43)}`),
      next(mine, `main' OR '1'='1.${randomUUID()}.${'x'.repeat(43)}`),
    ];
    expect((await Promise.all(attacks)).map(codeOf)).toEqual([
      [401, 'auth.badSignature'],
      [401, 'auth.invalid'],
      [401, 'auth.badSignature'],
      [401, 'auth.invalid'],
      [401, 'auth.badSignature'],
      [401, 'auth.invalid'],
      [401, 'auth.invalid'],
      [401, 'auth.invalid'],
      [401, 'auth.invalid'],
    ]);
    expect((await next(mine, refreshToken)).status).toBe(200);
    expect((await next(other, other.refreshToken)).status).toBe(200);
  });

  it('[SY52] answers again within a minute when the answer was lost, and a few times only', async () => {
    const mine = await login();
    const answers = [];
    for (let offer = 0; offer < 4; offer++) {
      answers.push(await next(mine, mine.refreshToken));
      clock += 10_000;
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    // Whichever of the answers arrived, the laptop goes on with it.
    expect((await next(mine, answers[1]!.body.refreshToken!)).status).toBe(200);
    const again = await login();
    for (let offer = 0; offer < 4; offer++) await next(again, again.refreshToken);
    expect(codeOf(await next(again, again.refreshToken))).toEqual([401, 'auth.reused']);
  });

  it('[SY52] serves the same refresh side by side', async () => {
    const mine = await login();
    const answers = await Promise.all([1, 2, 3].map(() => next(mine, mine.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('[SY53] ends every login of the device when a refresh token comes back after a minute', async () => {
    const mine = await login();
    const second = await logInAt(server.url, {
      user: 'li.wei',
      key: mine.key,
      device: { id: mine.device },
    });
    expect(second.body.deviceId).toBe(mine.device);
    const pair = (await next(mine, mine.refreshToken)).body;
    clock += MINUTE + 1;
    expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.reused']);
    expect(await opens(pair.token)).toEqual([401, 'auth.invalid']);
    expect(await opens(second.body.token)).toEqual([401, 'auth.invalid']);
    // Whoever of the two comes next is told why, too.
    expect(codeOf(await next(mine, pair.refreshToken!))).toEqual([401, 'auth.reused']);
    expect(codeOf(await next(mine, second.body.refreshToken!))).toEqual([401, 'auth.reused']);
    const fresh = await logInAt(server.url, { user: 'li.wei', key: mine.key, device: { id: mine.device } });
    expect((await next(mine, fresh.body.refreshToken!)).status).toBe(200);
  });

  it('[SY53] knows a copied login also within the minute: by the successor that is in use', async () => {
    const mine = await login();
    const pair = (await next(mine, mine.refreshToken)).body;
    expect((await next(mine, pair.refreshToken!)).status).toBe(200);
    expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.reused']);

    const other = await login();
    const [one, two] = [await next(other, other.refreshToken), await next(other, other.refreshToken)];
    expect((await next(other, one.body.refreshToken!)).status).toBe(200);
    expect(codeOf(await next(other, two.body.refreshToken!))).toEqual([401, 'auth.reused']);
  });

  it('[SY53] knows a token of long ago again', async () => {
    const mine = await login();
    let token = mine.refreshToken;
    for (let day = 0; day < 40; day++) {
      clock += 24 * 60 * MINUTE;
      const { status, body } = await next(mine, token);
      expect([day, status]).toEqual([day, 200]);
      token = body.refreshToken!;
    }
    expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.reused']);
    expect(codeOf(await next(mine, token))).toEqual([401, 'auth.reused']);
  });

  it('[SY53] tells a refresh token that has expired', async () => {
    const mine = await login();
    clock += 31 * 24 * 60 * MINUTE;
    expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.expired']);
  });

  it('[SY54] ends the logins of a device that logs in with another key, and no others', async () => {
    const mine = await login();
    const colleague = await login('zhang.min');
    const again = await login('li.wei', { id: mine.device });
    expect(again.device).toBe(mine.device);
    expect(await opens(mine.body.token)).toEqual([401, 'auth.invalid']);
    // The old key is not the device's any more, so its signature is worth nothing.
    expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.badSignature']);
    expect((await next(again, again.refreshToken)).status).toBe(200);
    expect(await opens(colleague.body.token)).toEqual([200, undefined]);
  });

  it('[SY54] ends the logins of a user whose password was set anew', async () => {
    const account = { id: 'renewed', name: 'R', roles: ['engineer' as const], homeRegion: 'sz' };
    await server.addAccount({ ...account, password: 'first' });
    const key = new DeviceKey();
    const { body } = await logInAt(server.url, { user: 'renewed', password: 'first', key });
    await server.addAccount({ ...account, password: 'second' });
    expect(await opens(body.token)).toEqual([401, 'auth.invalid']);
    const refreshed = await refreshAt(server.url, key, {
      device: body.deviceId,
      refreshToken: body.refreshToken!,
    });
    expect(codeOf(refreshed)).toEqual([401, 'auth.ended']);
  });

  it('[SY58] writes neither tokens nor passwords nor what is typed as a name into the log', async () => {
    const mine = await login();
    const pair = (await next(mine, mine.refreshToken)).body;
    const name = 'evil\r\n{"level":60,"msg":"forged"}';
    const secret = 'a-secret-nobody-logs';
    const answer = await logInAt(server.url, { user: name, password: secret });
    expect(codeOf(answer)).toEqual([401, 'auth.wrongPassword']);
    expect([...answer.headers].flat().join('\n')).not.toContain('evil');
    for (const user of ['\u0000', '\ud800', "' OR 1=1 --", '../../etc', '%00']) {
      clock += 24 * 60 * MINUTE;
      expect(codeOf(await logInAt(server.url, { user, password: secret }))).toEqual([
        401,
        'auth.wrongPassword',
      ]);
    }
    const odd = { id: 'x\u0000y', name: 'a\r\nb\u0000c', platform: 'x\u001b[31m' };
    expect((await logInAt(server.url, { user: 'li.wei', device: odd })).status).toBe(200);
    const log = lines.join('');
    expect(log).toContain('/v1/login');
    for (const word of [pair.token, pair.refreshToken!, mine.body.token, mine.refreshToken, secret, 'forged'])
      expect(log).not.toContain(word);
    for (const line of log.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('[SY58] answers whatever comes with a documented refusal, and stays up', async () => {
    const mine = await login();
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.constantFrom(
        'main',
        'li.wei',
        mine.device,
        mine.refreshToken,
        mine.key.publicKey,
        '\u0000',
        '__proto__',
      ),
    );
    const device = fc.record(
      { id: word, code: word, name: word, platform: word, publicKey: word },
      { requiredKeys: ['name', 'platform'] },
    );
    const bodies = {
      '/v1/login': fc.record(
        { user: word, password: word, tenant: word, device },
        { requiredKeys: ['user', 'device'] },
      ),
      '/v1/refresh': fc.record({ device: word, refreshToken: word, at: word, signature: word }),
    };
    for (const [path, body] of Object.entries(bodies)) {
      const any = fc.oneof({ arbitrary: body, weight: 4 }, { arbitrary: fc.jsonValue(), weight: 1 });
      await fc.assert(
        fc.asyncProperty(any, async (words) => {
          clock += 2 * 60 * MINUTE;
          const answer = await ask(server.url, 'POST', path, words);
          expect([400, 401, 429]).toContain(answer.status);
          expect(answer.body).toMatchObject({ code: expect.stringMatching(/^(auth|http)\./) });
        }),
        { numRuns: 60 },
      );
    }
    expect((await logInAt(server.url, { user: 'li.wei' })).status).toBe(200);
  });

  it('[SY58] takes as long for an unknown user as for a wrong password', async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    const measure = async (list: number[], user: string): Promise<void> => {
      const begin = performance.now();
      await logInAt(server.url, { user, password: 'wrong' });
      list.push(performance.now() - begin);
      clock += 2 * 60 * MINUTE;
    };
    await measure([], 'zhang.min');
    // By turns, so that whatever else the machine does hits both alike.
    for (let round = 0; round < 15; round++) {
      await measure(times.known, 'zhang.min');
      await measure(times.unknown, `nobody-${round}`);
    }
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;
    const ratio = median(times.known) / median(times.unknown);
    // Most of the time is argon2: without the work for nobody the ratio would be several times this.
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.7);
  });

  it.runIf(kind === 'PostgreSQL')(
    '[SY55] counts from every address: more and more wait for a user who is guessed at from many',
    async () => {
      clock += 24 * 60 * MINUTE;
      const device = await login('zhang.min');
      await withDatabase(async (database) => {
        const guess = (n: number, more: object = {}) =>
          countAttempt(
            database,
            {
              tenant: 'main',
              user: 'zhang.min',
              address: `10.0.${n >> 8}.${n & 255}`,
              device: undefined,
              ...more,
            },
            clock,
          );
        for (let n = 0; n < 30; n++) await guess(n);
        await expect(guess(30)).rejects.toMatchObject({
          status: 429,
          code: 'auth.throttled',
          retryAfter: 5,
        });
        clock += 5_001;
        await guess(31);
        await expect(guess(32)).rejects.toMatchObject({ retryAfter: 10 });
        // The user's own laptop is let in all the while, from any address.
        await forgive(database, await guess(33, { device: device.device }));
        // A stranger's device, or one that nobody knows, opens no such lane.
        await expect(guess(34, { device: 'made-up-device' })).rejects.toMatchObject({ retryAfter: 10 });
      });
    },
  );

  it.runIf(kind === 'PostgreSQL')(
    '[SY55] counts an address for all names, and a whole IPv6 network as one',
    async () => {
      clock += 24 * 60 * MINUTE;
      await withDatabase(async (database) => {
        const guess = (n: number, network = '2001:db8:1:2') =>
          countAttempt(
            database,
            {
              tenant: 'main',
              user: `name-${n}`,
              address: `${network}::${n.toString(16)}`,
              device: undefined,
            },
            clock,
          );
        const counted = [];
        for (let n = 0; n < 60; n++) counted.push(await guess(n));
        await expect(guess(60)).rejects.toMatchObject({ code: 'auth.throttled', retryAfter: 30 });
        await guess(60, '2001:db8:1:3');
        // A wait is taken back only by the attempt that began it.
        await forgive(database, counted[3]!);
        await expect(guess(61)).rejects.toMatchObject({ code: 'auth.throttled' });
        await forgive(database, counted[59]!);
        await guess(62);
      });
    },
  );

  it('[SY55] remembers failures over a restart', async () => {
    clock += 24 * 60 * MINUTE;
    for (let n = 0; n < 5; n++) await logInAt(server.url, { user: 'wang.fang', password: 'wrong' });
    expect(codeOf(await logInAt(server.url, { user: 'wang.fang' }))).toEqual([429, 'auth.throttled']);
    await server.close();
    server = await startServer({
      data: folder,
      ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
      demo: true,
      logLevel: 'silent',
      now: () => clock,
    });
    const answer = await logInAt(server.url, { user: 'wang.fang' });
    expect(codeOf(answer)).toEqual([429, 'auth.throttled']);
    clock += Number(answer.headers.get('retry-after')) * 1000;
    expect((await logInAt(server.url, { user: 'wang.fang' })).status).toBe(200);
  });

  it.runIf(kind === 'PostgreSQL')(
    '[SY54] leaves a revoked device the routes of delivery, and its refresh',
    async () => {
      const mine = await login();
      await withDatabase(async (database) => {
        await database.query('UPDATE devices SET revoked_at = $2 WHERE id = $1', [mine.device, clock]);
        const header = `Bearer ${mine.body.token}`;
        expect(await opens(mine.body.token)).toEqual([403, 'auth.deviceRevoked']);
        await expect(readSession(database, header, clock)).rejects.toMatchObject({ status: 403 });
        const session = await readSession(database, header, clock, { forDelivery: true });
        expect([session.deviceId, session.deviceRevoked]).toEqual([mine.device, true]);
        const pair = (await next(mine, mine.refreshToken)).body;
        expect(await opens(pair.token)).toEqual([403, 'auth.deviceRevoked']);
      });
    },
  );

  it.runIf(kind === 'PostgreSQL')('[SY54] lets a disabled account do nothing', async () => {
    const mine = await login('wang.fang');
    await withDatabase(async (database) => {
      await database.query("UPDATE users SET disabled = true WHERE id = 'wang.fang'");
      expect(await opens(mine.body.token)).toEqual([401, 'auth.disabled']);
      expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.disabled']);
      expect(codeOf(await logInAt(server.url, { user: 'wang.fang' }))).toEqual([401, 'auth.wrongPassword']);
      await database.query("UPDATE users SET disabled = false WHERE id = 'wang.fang'");
      await endLogins(database, 'main', { user: 'wang.fang' }, 'changed');
      expect(await opens(mine.body.token)).toEqual([401, 'auth.invalid']);
      expect(codeOf(await next(mine, mine.refreshToken))).toEqual([401, 'auth.ended']);
    });
  });

  it.runIf(kind === 'PostgreSQL')('[SY50] stores tokens as hashes only', async () => {
    const mine = await login();
    await withDatabase(async (database) => {
      const tables = ['sessions', 'refresh_tokens', 'logins', 'devices', 'login_failures'];
      const rows = await database.query<{ row: string }>(
        tables.map((table) => `SELECT to_json(t)::text AS row FROM ${table} t`).join(' UNION ALL '),
      );
      const everything = rows.map(({ row }) => row).join('\n');
      expect(everything).toContain(mine.device);
      expect(everything).not.toContain(mine.body.token);
      expect(everything).not.toContain(mine.refreshToken);
    });
  });

  it.runIf(kind === 'PostgreSQL')('[SY55] counts for all nodes together, and refreshes at any', async () => {
    clock += 24 * 60 * MINUTE;
    const other = await startServer({
      data: join(folder, 'other'),
      databaseUrl: postgres!.url,
      logLevel: 'silent',
      now: () => clock,
    });
    try {
      const mine = await login('zhang.min');
      const words = { device: mine.device, refreshToken: mine.refreshToken };
      const pair = (await refreshAt(other.url, mine.key, words)).body;
      expect(await opens(pair.token)).toEqual([200, undefined]);
      const guess = { user: 'li.wei', password: 'wrong' };
      for (const url of [server.url, other.url, server.url, other.url, server.url])
        expect(codeOf(await logInAt(url, guess))).toEqual([401, 'auth.wrongPassword']);
      for (const url of [server.url, other.url])
        expect(codeOf(await logInAt(url, guess))).toEqual([429, 'auth.throttled']);
    } finally {
      await other.close();
    }
  });

  /** The server's database, beside the server: only where it is a process of its own. */
  async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
    const database = await openPostgres(postgres!.url, () => undefined);
    try {
      await work(database);
    } finally {
      await database.close();
    }
  }
});
