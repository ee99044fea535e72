import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AdminDeviceSchema,
  AdminStatusSchema,
  AdminUserSchema,
  AuditPageSchema,
  DevicePageSchema,
  RefusalPageSchema,
  RegionSchema,
  TeamSchema,
  UserPageSchema,
} from '#shared/sync/admin.ts';
import { ask, codeOf, type ReadAnswer } from '#test/support/login-device.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, TestServer } from '#test/support/test-server.ts';

const PASSWORD = 'correct horse battery';

describe.each(DATABASES)('The accounts on %s', (kind) => {
  let server: TestServer;
  let admin: SyncDevice;
  let manager: SyncDevice;
  let running = 0;

  beforeAll(async () => {
    server = await TestServer.start(kind);
    await server.addAccount({
      id: 'root',
      name: '管理',
      password: 'demo',
      roles: ['admin'],
      homeRegion: 'sz',
    });
    await server.addAccount({
      id: 'wang',
      name: '王芳',
      password: 'demo',
      roles: ['manager'],
      homeRegion: 'sz',
    });
    admin = await SyncDevice.logIn(server.url, 'root');
    manager = await SyncDevice.logIn(server.url, 'wang');
    for (const id of ['bj', 'cd'])
      await good(admin, 'PUT', `/v1/admin/regions/${id}`, { nameZh: id, nameEn: id });
  });
  afterAll(() => server?.close());

  const office = (who: SyncDevice, method: string, path: string, body?: unknown): Promise<ReadAnswer> =>
    ask(server.url, method, path, body, { authorization: `Bearer ${who.login.token}` });
  const good = async (who: SyncDevice, method: string, path: string, body?: unknown) => {
    const answer = await office(who, method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  /** A new user of the region, and his laptop. */
  const hire = async (more: object = {}): Promise<SyncDevice> => {
    const id = `user-${++running}`;
    const user = {
      id,
      name: `第${running}人`,
      password: PASSWORD,
      roles: ['engineer'],
      homeRegion: 'sz',
      ...more,
    };
    AdminUserSchema.parse(await good(admin, 'POST', '/v1/admin/users', user));
    return SyncDevice.logIn(server.url, id, PASSWORD);
  };
  const pathOf = (device: SyncDevice): string => `/v1/admin/users/${device.login.userId}`;
  const scopesOf = async (device: SyncDevice): Promise<string[]> => {
    const head = (await device.pull())[0];
    return head?.k === 'head' ? head.scopes : [];
  };
  const auditOf = async (subject: string) => {
    const page = AuditPageSchema.parse(await good(admin, 'GET', '/v1/admin/audit?limit=500'));
    // Logins are written down too, by others.
    return page.entries.filter((entry) => entry.subject === subject && !/login/i.test(entry.act));
  };

  it('[SY41] opens every region of a user, those of his teams too, and closes one at once', async () => {
    const device = await hire({ regions: ['bj'] });
    const own = `user/${device.login.userId}`;
    expect(await scopesOf(device)).toEqual(['org', 'region/bj', 'region/sz', own]);
    const team = { nameZh: '成都三线', nameEn: 'Chengdu L3', region: 'cd', tier: 'L3' };
    TeamSchema.parse(await good(admin, 'PUT', '/v1/admin/teams/cd-l3', team));
    await good(admin, 'PATCH', pathOf(device), { teams: ['cd-l3'] });
    expect(await scopesOf(device)).toEqual(['org', 'region/bj', 'region/cd', 'region/sz', own]);
    const fact = device.event({ stream: `probe/${running}`, scope: 'region/cd' });
    expect((await device.push([fact])).verdicts[0]?.verdict).toBe('accepted');

    await good(admin, 'DELETE', '/v1/admin/teams/cd-l3');
    const head = (await device.pull())[0];
    expect(head).toMatchObject({ scopes: ['org', 'region/bj', 'region/sz', own], lost: ['region/cd'] });
    const late = device.event({ stream: `probe/${running}`, scope: 'region/cd' });
    expect((await device.push([late])).verdicts[0]).toMatchObject({
      verdict: 'refused',
      code: 'sync.noRight',
    });
    expect((await device.push([fact])).verdicts[0]?.verdict).toBe('accepted');
  });

  it('[SY40] lets a customer read the home region and write nothing', async () => {
    const device = await hire({ roles: ['customer'] });
    expect(await scopesOf(device)).toEqual(['region/sz', `user/${device.login.userId}`]);
    const offers = [
      device.event({ stream: 'ticket/1', type: 'ticket.noted', data: { text: 'x' } }),
      device.event({ stream: 'probe/1', scope: `user/${device.login.userId}` }),
    ];
    const { verdicts } = await device.push(offers);
    expect(verdicts.map(({ code }) => code)).toEqual(['sync.noRight', 'sync.noRight']);
  });

  it('[SY42] ends the logins of a user who is disabled, and of one with a new password', async () => {
    const device = await hire();
    expect(await scopesOf(device)).toContain('region/sz');
    await good(admin, 'PATCH', pathOf(device), { disabled: true });
    expect((await office(device, 'GET', '/v1/bootstrap')).status).toBe(401);
    const login = { user: device.login.userId, password: PASSWORD, device: { name: 'x', platform: 'x' } };
    expect((await ask(server.url, 'POST', '/v1/login', login)).status).toBe(401);
    await good(admin, 'PATCH', pathOf(device), { disabled: false });
    const again = await SyncDevice.logIn(server.url, device.login.userId, PASSWORD);
    await good(admin, 'PATCH', pathOf(device), { password: `${PASSWORD} staple` });
    expect((await office(again, 'GET', '/v1/bootstrap')).status).toBe(401);
    expect((await auditOf(`user/${device.login.userId}`)).map(({ act }) => act)).toEqual([
      'user.changed',
      'user.enabled',
      'user.disabled',
      'user.created',
    ]);
  });

  it('[SY43] takes everything but handing in from a revoked device, and gives it back', async () => {
    const device = await hire();
    const { deviceId } = device.login;
    const revoked = AdminDeviceSchema.parse(
      await good(manager, 'POST', `/v1/admin/devices/${deviceId}/revoke`, { reason: 'Left in a taxi.' }),
    );
    expect(revoked).toMatchObject({ id: deviceId, revoked: { by: 'wang' } });
    expect(codeOf(await office(device, 'GET', '/v1/bootstrap'))).toEqual([403, 'auth.deviceRevoked']);
    const fact = device.event({ stream: `probe/${deviceId}` });
    const { durable, verdicts } = await device.push([fact]);
    expect(verdicts).toMatchObject([{ id: fact.id, verdict: 'refused', code: 'sync.deviceRevoked' }]);
    expect(durable).toBe(kind === 'PGlite');
    const page = DevicePageSchema.parse(
      await good(manager, 'GET', `/v1/admin/devices?user=${device.login.userId}`),
    );
    expect(page.devices).toMatchObject([{ id: deviceId, quarantined: 1 }]);
    expect(page.devices[0]?.lastSeenAt).toMatch(/^20/);

    await good(manager, 'POST', `/v1/admin/devices/${deviceId}/reinstate`, {
      reason: 'The driver brought it.',
    });
    expect(await scopesOf(device)).toContain('region/sz');
    expect((await device.push([fact])).verdicts[0]?.verdict).toBe('refused');
    expect((await auditOf(`device/${deviceId}`)).map(({ act, actor }) => [act, actor])).toEqual([
      ['device.reinstated', 'wang'],
      ['device.revoked', 'wang'],
    ]);
  });

  it('[SY46] counts a quarantined fact once the office accepts it, and no more than once', async () => {
    const device = await hire({ regions: ['cd'] });
    const colleague = await hire({ homeRegion: 'cd' });
    await good(admin, 'PATCH', pathOf(device), { regions: [] });
    const stream = `probe/${device.login.deviceId}`;
    const [kept, dropped] = [1, 2].map((n) => device.event({ stream, scope: 'region/cd', data: { n } }));
    if (kept === undefined || dropped === undefined) throw new Error('no facts');
    await device.push([kept, dropped]);

    const mine = async () =>
      RefusalPageSchema.parse(await good(admin, 'GET', '/v1/admin/refusals?limit=500')).refusals.filter(
        (refusal) => refusal.device === device.login.deviceId,
      );
    const waiting = await mine();
    expect(new Set(waiting.map(({ id }) => id))).toEqual(new Set([kept.id, dropped.id]));
    for (const refusal of waiting) expect(refusal).toMatchObject({ code: 'sync.noRight', mayAccept: true });
    expect(waiting.find(({ id }) => id === kept.id)?.event).toEqual(kept);
    expect(waiting[0]?.lostAt).toMatch(/^20/);

    const ref = { device: device.login.deviceId, id: kept.id, reason: 'He was there.' };
    const twice = await Promise.all(
      [1, 2].map(() => office(admin, 'POST', '/v1/admin/refusals/accept', ref)),
    );
    expect(twice.map(({ status }) => status).toSorted()).toEqual([200, 404]);
    await good(admin, 'POST', '/v1/admin/refusals/dismiss', { ...ref, id: dropped.id });
    expect(await mine()).toEqual([]);

    await colleague.pull();
    expect(colleague.receivedIds('region/cd').filter((id) => id === kept.id)).toHaveLength(1);
    expect(colleague.receivedIds('region/cd')).not.toContain(dropped.id);
    const { verdicts } = await device.push([kept, dropped]);
    expect(verdicts).toMatchObject([
      { verdict: 'acceptedWithException', code: 'sync.acceptedByOffice' },
      { verdict: 'refused', code: 'sync.noRight' },
    ]);
  });

  it('[SY46] accepts nothing that is forged, and nothing that the office could not write itself', async () => {
    const device = await hire();
    const forged = { ...device.event({ stream: 'probe/forged', scope: 'org' }), actor: 'root' };
    const honest = device.event({ stream: 'probe/org', scope: 'region/bj' });
    await device.push([forged, honest]);
    const accept = (who: SyncDevice, id: string): Promise<ReadAnswer> =>
      office(who, 'POST', '/v1/admin/refusals/accept', { device: device.login.deviceId, id, reason: 'x' });
    expect(codeOf(await accept(admin, forged.id))).toEqual([404, 'admin.unknown']);
    expect(codeOf(await accept(manager, honest.id))).toEqual([409, 'admin.notAcceptable']);
  });

  it('[SY44] keeps a manager to the own regions and away from administrators', async () => {
    const change = (id: string, body: object): Promise<ReadAnswer> =>
      office(manager, 'PATCH', `/v1/admin/users/${id}`, body);
    const colleague = await hire();
    const id = colleague.login.userId;
    expect((await change(id, { name: '新名' })).status).toBe(200);
    expect(codeOf(await change(id, { roles: ['admin'] }))).toEqual([403, 'admin.noRight']);
    expect(codeOf(await change(id, { regions: ['bj'] }))).toEqual([404, 'admin.unknown']);
    expect(codeOf(await change(id, { homeRegion: 'bj' }))).toEqual([404, 'admin.unknown']);
    expect(codeOf(await change('root', { password: PASSWORD }))).toEqual([403, 'admin.noRight']);
    expect(codeOf(await change('wang', { roles: ['manager', 'admin'] }))).toEqual([403, 'admin.noRight']);
    expect(codeOf(await change('wang', { regions: ['bj'] }))).toEqual([404, 'admin.unknown']);
    // Setting the password of somebody who reaches further would be reaching further.
    const wider = await hire({ regions: ['bj'] });
    expect(codeOf(await change(wider.login.userId, { password: PASSWORD }))).toEqual([403, 'admin.noRight']);
    const stranger = await hire({ homeRegion: 'bj' });
    expect(codeOf(await change(stranger.login.userId, { disabled: true }))).toEqual([404, 'admin.unknown']);
    const revoke = `/v1/admin/devices/${stranger.login.deviceId}/revoke`;
    expect(codeOf(await office(manager, 'POST', revoke, { reason: 'x' }))).toEqual([404, 'admin.unknown']);
    const rootDevice = `/v1/admin/devices/${admin.login.deviceId}/revoke`;
    expect(codeOf(await office(manager, 'POST', rootDevice, { reason: 'x' }))).toEqual([
      403,
      'admin.noRight',
    ]);
    const team = { nameZh: 'x', nameEn: 'x', region: 'bj', tier: null };
    expect(codeOf(await office(manager, 'PUT', '/v1/admin/teams/own', team))).toEqual([403, 'admin.noRight']);
    expect(
      codeOf(await office(manager, 'PUT', '/v1/admin/regions/sh', { nameZh: 'x', nameEn: 'x' })),
    ).toEqual([403, 'admin.noRight']);
    expect(codeOf(await office(manager, 'GET', '/v1/admin/audit'))).toEqual([403, 'admin.noRight']);
    const made = { id: 'usurper', name: 'x', password: PASSWORD, roles: ['admin'], homeRegion: 'sz' };
    expect(codeOf(await office(manager, 'POST', '/v1/admin/users', made))).toEqual([403, 'admin.noRight']);
    const { users } = UserPageSchema.parse(await good(manager, 'GET', '/v1/admin/users?limit=500'));
    expect(users.map((user) => user.id)).not.toContain(stranger.login.userId);
    expect(users.map((user) => user.id)).not.toContain('usurper');
    expect(users.find((user) => user.id === 'root')?.mayChange).toBe(false);
    expect((await auditOf('user/root')).length).toBe(0);
  });

  it('[SY44] shows nothing to those who administer nothing', async () => {
    const device = await hire({ roles: ['engineer', 'technician', 'specialist', 'desk'] });
    const routes: [string, string, object?][] = [
      ['GET', '/v1/admin/status'],
      ['GET', '/v1/admin/users'],
      [
        'POST',
        '/v1/admin/users',
        { id: 'a', name: 'a', password: PASSWORD, roles: ['desk'], homeRegion: 'sz' },
      ],
      ['PATCH', '/v1/admin/users/wang', { disabled: true }],
      ['GET', '/v1/admin/regions'],
      ['PUT', '/v1/admin/regions/xx', { nameZh: 'x', nameEn: 'x' }],
      ['GET', '/v1/admin/teams'],
      ['PUT', '/v1/admin/teams/xx', { nameZh: 'x', nameEn: 'x', region: 'sz', tier: null }],
      ['DELETE', '/v1/admin/teams/xx'],
      ['GET', '/v1/admin/devices'],
      ['POST', `/v1/admin/devices/${device.login.deviceId}/revoke`, { reason: 'x' }],
      ['POST', `/v1/admin/devices/${device.login.deviceId}/reinstate`, { reason: 'x' }],
      ['GET', '/v1/admin/refusals'],
      ['POST', '/v1/admin/refusals/accept', { device: 'x', id: 'x'.repeat(36), reason: 'x' }],
      ['POST', '/v1/admin/refusals/dismiss', { device: 'x', id: 'x'.repeat(36), reason: 'x' }],
      ['GET', '/v1/admin/audit'],
    ];
    for (const [method, path, body] of routes) {
      expect([path, ...codeOf(await office(device, method, path, body))]).toEqual([
        path,
        403,
        'admin.noRight',
      ]);
      expect((await ask(server.url, method, path, body)).status).toBe(401);
    }
  });

  it('[SY45] never loses the last administrator, also when two take each other’s rights at once', async () => {
    const second = await hire({ roles: ['admin'] });
    const answers = await Promise.all([
      office(admin, 'PATCH', pathOf(second), { roles: ['engineer'] }),
      office(second, 'PATCH', '/v1/admin/users/root', { disabled: true }),
    ]);
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect([403, 401, 409]).toContain(answers.find(({ status }) => status !== 200)?.status);
    // Whoever is left can put things right, but not go himself.
    const [left, path] =
      answers[0]?.status === 200 ? [admin, '/v1/admin/users/root'] : [second, pathOf(second)];
    expect(codeOf(await office(left, 'PATCH', path, { disabled: true }))).toEqual([409, 'admin.lastAdmin']);
    expect(codeOf(await office(left, 'PATCH', path, { roles: ['desk'] }))).toEqual([409, 'admin.lastAdmin']);
    if (left === second) {
      await good(second, 'PATCH', '/v1/admin/users/root', { disabled: false });
      admin = await SyncDevice.logIn(server.url, 'root');
    }
  });

  it('[SY47] writes down every act with who, when, from where and what changed, and no secret', async () => {
    const device = await hire();
    await good(manager, 'PATCH', pathOf(device), { name: '改名', password: `${PASSWORD} secret` });
    const entries = await auditOf(`user/${device.login.userId}`);
    expect(entries[0]).toMatchObject({
      actor: 'wang',
      device: manager.login.deviceId,
      address: '127.0.0.1',
      act: 'user.changed',
      detail: { name: { to: '改名' }, passwordSet: true },
    });
    expect(Math.abs(Date.parse(entries[0]?.at ?? '') - Date.now())).toBeLessThan(60_000);
    expect(JSON.stringify(entries)).not.toContain('battery');

    const pages: number[] = [];
    let before = '';
    for (;;) {
      const page = AuditPageSchema.parse(await good(admin, 'GET', `/v1/admin/audit?limit=7${before}`));
      pages.push(...page.entries.map(({ n }) => n));
      if (page.next === null) break;
      before = `&before=${page.next}`;
    }
    expect(pages).toEqual([...new Set(pages)].toSorted((a, b) => b - a));
    const wangs = AuditPageSchema.parse(await good(admin, 'GET', '/v1/admin/audit?actor=wang&limit=500'));
    expect(new Set(wangs.entries.map(({ actor }) => actor))).toEqual(new Set(['wang']));
  });

  it('[SY48] answers bounded pages, and refuses what is out of bounds or not well-formed', async () => {
    const ids: string[] = [];
    let after = '';
    for (;;) {
      const page = UserPageSchema.parse(await good(admin, 'GET', `/v1/admin/users?limit=3&after=${after}`));
      ids.push(...page.users.map(({ id }) => id));
      expect(page.users.length).toBeLessThanOrEqual(3);
      if (page.next === null) break;
      after = page.next;
    }
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(ids).toContain('wang');
    const found = UserPageSchema.parse(
      await good(admin, 'GET', `/v1/admin/users?search=${encodeURIComponent('王')}`),
    );
    expect(found.users.map(({ id }) => id)).toEqual(['wang']);
    const nasty = encodeURIComponent(`%' OR 1=1; --`);
    expect(await good(admin, 'GET', `/v1/admin/users?search=${nasty}`)).toEqual({ users: [], next: null });

    const user = { id: 'fine', name: 'x', password: PASSWORD, roles: ['desk'], homeRegion: 'sz' };
    const bad: object[] = [
      { ...user, id: '../etc' },
      { ...user, id: 'x'.repeat(61) },
      { ...user, password: 'short' },
      { ...user, password: 'x'.repeat(1001) },
      { ...user, roles: [] },
      { ...user, roles: ['god'] },
      { ...user, homeRegion: 'A B' },
      { ...user, regions: Array.from({ length: 51 }, (_, n) => `r${n}`) },
      [],
    ];
    for (const body of bad) expect((await office(admin, 'POST', '/v1/admin/users', body)).status).toBe(400);
    expect((await office(admin, 'GET', '/v1/admin/users?limit=501')).status).toBe(400);
    expect((await office(admin, 'GET', '/v1/admin/audit?before=x')).status).toBe(400);
    expect((await office(admin, 'PATCH', '/v1/admin/users/a%20b', {})).status).toBe(400);
    expect(codeOf(await office(admin, 'POST', '/v1/admin/users', { ...user, id: 'wang' }))).toEqual([
      409,
      'admin.exists',
    ]);
    expect(codeOf(await office(admin, 'POST', '/v1/admin/users', { ...user, homeRegion: 'mars' }))).toEqual([
      404,
      'admin.unknown',
    ]);
    expect(codeOf(await office(admin, 'PATCH', '/v1/admin/users/nobody', {}))).toEqual([
      404,
      'admin.unknown',
    ]);
  });

  it('[SY48] tells how the server is, and names regions', async () => {
    const named = { nameZh: '北京', nameEn: 'Beijing' };
    const region = RegionSchema.parse(await good(admin, 'PUT', '/v1/admin/regions/bj', named));
    expect(region).toMatchObject({ id: 'bj', ...named });
    const status = AdminStatusSchema.parse(await good(admin, 'GET', '/v1/admin/status'));
    expect(status).toMatchObject({ epoch: server.epoch, durable: server.durable });
    expect(status.counts.users).toBeGreaterThan(2);
    expect(status.counts.facts).toBeGreaterThan(0);
  });
});
