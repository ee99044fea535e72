import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endLogins } from '#server/auth/end-logins.ts';
import { readSession } from '#server/auth/sessions.ts';
import {
  codeOf,
  DeviceKey,
  logInAt,
  logInWithKey,
  opensAt,
  refreshAt,
  type KeyedLogin,
} from '#test/support/login-device.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';

const MINUTE = 60_000;

describe.each(DATABASES)('Logging in on %s', (kind) => {
  let server: TestServer;
  let clock = Date.now();

  beforeAll(async () => {
    server = await TestServer.start(kind, { demo: true, now: () => clock });
  });
  afterAll(() => server?.close());

  const opens = (token: string) => opensAt(server.url, token);
  const login = (user = 'li.wei', device: object = {}) => logInWithKey(server.url, user, device);
  const next = ({ key, device }: KeyedLogin, refreshToken: string, changed?: object) =>
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
  it.runIf(kind === 'PostgreSQL')(
    '[SY54] leaves a revoked device the routes of delivery, and its refresh',
    async () => {
      const mine = await login();
      await server.withDatabase(async (database) => {
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
    await server.withDatabase(async (database) => {
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
    await server.withDatabase(async (database) => {
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
});
