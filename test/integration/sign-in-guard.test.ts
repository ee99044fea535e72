import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditPageSchema, type AuditEntry } from '#shared/sync/admin.ts';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { newUser, PASSWORD } from '#test/support/attack/victim.ts';
import { DeviceKey, refreshAt } from '#test/support/login-device.ts';
import { send, SyncDevice, type Answer } from '#test/support/sync-device.ts';

vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;

describe.each(DATABASES)('Signing in at a server on %s', (kind) => {
  let server: AttackedServer;
  let boss: SyncDevice;
  let users = 0;

  beforeAll(async () => {
    server = await AttackedServer.start(kind, { tokenTtlMs: 1000 * HOUR });
    boss = await newUser(server, { tenant: 'acme', id: 'boss', roles: ['admin'], homeRegion: 'sz' });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  const person = async (roles = ['engineer'], homeRegion = 'sz'): Promise<string> => {
    const id = `person-${++users}`;
    const account = { tenant: 'acme', id, name: id, password: PASSWORD, roles, homeRegion };
    await server.running.addAccount(account as Parameters<typeof server.running.addAccount>[0]);
    return id;
  };
  const logIn = (user: string, password = PASSWORD, tenant = 'acme'): Promise<Answer> =>
    send(server.url, 'POST', '/v1/login', {
      tenant,
      user,
      password,
      device: { name: 'laptop', platform: 'linux' },
    });
  const many = (user: string, password: string, count: number): Promise<Answer[]> =>
    Promise.all(Array.from({ length: count }, () => logIn(user, password)));
  const outcomes = (answers: readonly Answer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  const audit = async (who = boss): Promise<AuditEntry[]> =>
    AuditPageSchema.parse((await who.request('GET', '/v1/admin/audit?limit=500')).body).entries;
  const code = ({ status, body }: Answer): [number, string] => [status, (body as { code: string }).code];

  it('[SY55] lets sixteen right logins of one user from one address in, all at the same moment', async () => {
    const user = await person();
    expect(outcomes(await many(user, PASSWORD, 16))).toEqual({ 200: 16 });
    expect(await server.rows('SELECT 1 FROM login_failures WHERE count > 0')).toEqual([]);
    expect(outcomes(await many(user, PASSWORD, 16))).toEqual({ 200: 16 });
  });

  it('[SY55] lets no more of forty guesses through when they come at the same moment', async () => {
    const user = await person();
    expect(outcomes(await many(user, 'guess', 40))).toEqual({ 401: 5, 429: 35 });
    expect(code(await logIn(user))).toEqual([429, 'auth.throttled']);
    server.clock.ms += 2 * HOUR;
    expect((await logIn(user)).status).toBe(200);
  });

  it('[SY55] does not wait for a node that died over an attempt', async () => {
    const user = await person();
    await many(user, 'guess', 5);
    await server.rows(`UPDATE login_failures SET pending = 3, pending_until = ${server.clock.ms}`);
    const before = performance.now();
    expect(code(await logIn(user))).toEqual([429, 'auth.throttled']);
    expect(performance.now() - before).toBeLessThan(4_000);
    server.clock.ms += 2 * HOUR;
  });

  it('[SY47] writes failed and throttled logins down, one line for a user and address in an hour', async () => {
    const user = await person();
    await many(user, 'my own secret typed wrong', 9);
    await logIn('p4ssw0rd-typed-as-a-name', 'guess');
    await logIn('another-unknown-name', 'guess');
    await logIn('nobody', 'guess', 'no-such-tenant');
    const told = (await audit()).filter(({ act }) => act.startsWith('login.') && act !== 'login.opened');
    const lines = told.map(({ act, subject, address, actor, device, detail }) => ({
      act,
      subject,
      address,
      actor,
      device,
      ...detail,
    }));
    const common = { address: '127.0.0.1', actor: '', device: '' };
    expect(lines).toContainEqual({ ...common, act: 'login.failed', subject: `user/${user}`, count: 5 });
    expect(lines).toContainEqual({ ...common, act: 'login.throttled', subject: `user/${user}`, count: 4 });
    expect(lines).toContainEqual({ ...common, act: 'login.failed', subject: 'login/unknown', count: 2 });
    expect(JSON.stringify(await audit())).not.toMatch(/p4ssw0rd|secret|another-unknown/);
    expect(await server.rows(`SELECT 1 FROM audit_log WHERE tenant = 'no-such-tenant'`)).toEqual([]);
    // The next hour is another line.
    server.clock.ms += 3 * HOUR;
    await logIn(user, 'guess');
    const after = (await audit()).filter(
      ({ subject, act }) => subject === `user/${user}` && act === 'login.failed',
    );
    expect(after.map(({ detail }) => detail['count'])).toEqual([1, 5]);
    expect(
      (
        await newUser(server, { tenant: 'rival', id: 'boss', roles: ['admin'], homeRegion: 'xx' }).then(audit)
      ).some(({ act }) => act === 'login.failed'),
    ).toBe(false);
    server.clock.ms += 2 * HOUR;
  });

  it('[SY47] keeps what strangers can write into the audit log bounded', async () => {
    const hour = new Date(server.clock.ms).toISOString().slice(0, 13);
    await server.rows(
      `INSERT INTO audit_log (tenant, at, actor, device, address, act, subject, detail, tally)
       SELECT 'acme', 0, '', '', n::text, 'login.failed', 'login/unknown', '{}', '${hour} login.failed x ' || n
       FROM generate_series(1, 200) n`,
    );
    const user = await person();
    const before = (await server.rows('SELECT 1 FROM audit_log')).length;
    await many(user, 'guess', 2);
    await logIn('nobody-there', 'guess');
    expect((await server.rows('SELECT 1 FROM audit_log')).length).toBe(before + 1);
    const [line] = (await audit()).filter(({ subject }) => subject === 'login/several');
    expect(line).toMatchObject({ act: 'login.failed', address: '', detail: { count: 3 } });
    server.clock.ms += 2 * HOUR;
  });

  describe('after a laptop was stolen', () => {
    const revoke = (by: SyncDevice, device: string, endSignIn: boolean | undefined): Promise<Answer> =>
      by.request('POST', `/v1/admin/devices/${device}/revoke`, {
        reason: 'stolen from the car',
        ...(endSignIn === undefined ? {} : { endSignIn }),
      });

    it('[SY43] leaves the sign-in alone when nothing else is said', async () => {
      const user = await person();
      const stolen = await SyncDevice.logIn(server.url, user, PASSWORD, {}, 'acme');
      expect((await revoke(boss, stolen.login.deviceId, undefined)).status).toBe(200);
      expect((await logIn(user)).status).toBe(200);
    });

    it('[SY43] ends the sign-in of its user until there is a new password, and the laptop still hands in', async () => {
      const user = await person();
      const key = new DeviceKey();
      const stolen = await SyncDevice.logIn(server.url, user, PASSWORD, { publicKey: key.publicKey }, 'acme');
      const other = await SyncDevice.logIn(server.url, user, PASSWORD, {}, 'acme');
      const { deviceId, refreshToken = '' } = stolen.login;
      expect((await revoke(boss, deviceId, true)).status).toBe(200);
      // The thief knows the password, on a new device or on this one.
      for (const device of [{}, { id: deviceId }]) {
        const answer = await send(server.url, 'POST', '/v1/login', {
          tenant: 'acme',
          user,
          password: PASSWORD,
          device: { name: 'x', platform: 'x', ...device },
        });
        expect(code(answer)).toEqual([401, 'auth.wrongPassword']);
      }
      expect(code(await other.request('GET', '/v1/bootstrap'))).toEqual([401, 'auth.invalid']);
      expect(code(await stolen.request('GET', '/v1/bootstrap'))).toEqual([403, 'auth.deviceRevoked']);
      // What is on it still comes home, and it hears that it has to wipe itself.
      const { verdicts } = await stolen.push([stolen.event({ stream: 'probe/unsent' })]);
      expect(verdicts).toMatchObject([{ verdict: 'refused', code: 'sync.deviceRevoked' }]);
      const refreshed = await refreshAt(server.url, key, { device: deviceId, refreshToken });
      expect(refreshed.status).toBe(200);
      expect((await audit()).slice(0, 9).map(({ act, subject }) => [act, subject])).toContainEqual([
        'user.signInEnded',
        `user/${user}`,
      ]);
      expect((await boss.request('GET', `/v1/admin/users?search=${user}`)).body).toMatchObject({
        users: [{ signInEnded: true, disabled: false }],
      });
      server.clock.ms += HOUR;
      const password = 'another good password';
      await boss.request('PATCH', `/v1/admin/users/${user}`, { password });
      expect((await logIn(user, password)).status).toBe(200);
      server.clock.ms += HOUR;
      expect((await logIn(user)).status).toBe(401);
    });

    it('[SY43] can end it later, for a laptop that was revoked before', async () => {
      const user = await person();
      const stolen = await SyncDevice.logIn(server.url, user, PASSWORD, {}, 'acme');
      await revoke(boss, stolen.login.deviceId, false);
      expect((await revoke(boss, stolen.login.deviceId, true)).status).toBe(200);
      expect((await logIn(user)).status).toBe(401);
    });

    it('[SY44] [SY45] reaches nobody above, and not the last administrator', async () => {
      const chief = await SyncDevice.logIn(server.url, await person(['manager']), PASSWORD, {}, 'acme');
      for (const endSignIn of [true, false])
        expect(code(await revoke(chief, boss.login.deviceId, endSignIn))).toEqual([403, 'admin.noRight']);
      expect(code(await revoke(boss, boss.login.deviceId, true))).toEqual([409, 'admin.lastAdmin']);
      expect((await boss.request('GET', '/v1/bootstrap')).status).toBe(200);
      const rival = await newUser(server, {
        tenant: 'other',
        id: 'boss',
        roles: ['admin'],
        homeRegion: 'sz',
      });
      expect(code(await revoke(rival, boss.login.deviceId, true))).toEqual([404, 'admin.unknown']);
    });
  });
});
