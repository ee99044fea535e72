import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeAttempt,
  type CountedAttempt,
  forgive,
  type LoginAttempt,
  openAttempt,
} from '#server/auth/login-throttle.ts';
import type { Database } from '#server/db/database.ts';
import { startServer } from '#server/start.ts';
import {
  ask,
  codeOf,
  logInAt,
  logInWithKey,
  opensAt,
  refreshAt,
  type KeyedLogin,
} from '#test/support/login-device.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';

const MINUTE = 60_000;

/** An attempt whose password was wrong, or not looked at yet: nothing but its count is left. */
async function countAttempt(
  database: Database,
  attempt: LoginAttempt,
  nowMs: number,
): Promise<CountedAttempt> {
  const counted = await openAttempt(database, attempt, nowMs);
  if (counted === 'wait') throw new Error('Nothing is open here that could be waited for.');
  await closeAttempt(database, counted);
  return counted;
}

describe.each(DATABASES)('Logging in, attacked, on %s', (kind) => {
  let server: TestServer;
  let clock = Date.now();
  const lines: string[] = [];

  beforeAll(async () => {
    server = await TestServer.start(kind, {
      demo: true,
      logLevel: 'trace',
      logTo: { write: (line: string) => void lines.push(line) },
      now: () => clock,
    });
  });
  afterAll(() => server?.close());

  const opens = (token: string) => opensAt(server.url, token);
  const login = (user = 'li.wei', device: object = {}) => logInWithKey(server.url, user, device);
  const next = ({ key, device }: KeyedLogin, refreshToken: string, changed?: object) =>
    refreshAt(server.url, key, { device, refreshToken }, changed);

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
      await server.withDatabase(async (database) => {
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
      await server.withDatabase(async (database) => {
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
    await server.restart();
    const answer = await logInAt(server.url, { user: 'wang.fang' });
    expect(codeOf(answer)).toEqual([429, 'auth.throttled']);
    clock += Number(answer.headers.get('retry-after')) * 1000;
    expect((await logInAt(server.url, { user: 'wang.fang' })).status).toBe(200);
  });
  it.runIf(kind === 'PostgreSQL')('[SY55] counts for all nodes together, and refreshes at any', async () => {
    clock += 24 * 60 * MINUTE;
    const other = await startServer({
      data: join(server.folder, 'other'),
      databaseUrl: server.databaseUrl!,
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
});
