import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { HORIZON_MS } from '#shared/events/hlc.ts';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { undocumented } from '#test/support/attack/documented-problems.ts';
import { rawRequest, type RawAnswer } from '#test/support/attack/raw-request.ts';
import { newUser } from '#test/support/attack/victim.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

/** What PostgreSQL cannot hold in a text: NUL, and half a pair of surrogates. */
const UNSTORABLE = ['\0', 'x\0y', '\uD800', '\uDC00x'];

describe.each(DATABASES)('What is sent to spoil the data on %s', (kind) => {
  let server: AttackedServer;
  let admin: SyncDevice;
  let insider: SyncDevice;
  let stolen: SyncDevice;

  beforeAll(async () => {
    server = await AttackedServer.start(kind);
    const staff = (id: string, role: string, homeRegion: string) =>
      newUser(server, { tenant: 'acme', id, roles: [role], homeRegion });
    admin = await staff('boss', 'admin', 'sz');
    insider = await staff('insider', 'engineer', 'bj');
    stolen = await staff('stolen', 'engineer', 'sz');
    await admin.request('POST', `/v1/admin/devices/${stolen.login.deviceId}/revoke`, { reason: 'stolen' });
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  const ask = (who: SyncDevice, method: string, path: string, body?: unknown): Promise<RawAnswer> =>
    rawRequest(server.url, {
      method,
      path,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: {
        authorization: `Bearer ${who.login.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  const isRefused = (answer: RawAnswer, what: string): void => {
    expect([what, answer.status < 500]).toEqual([what, true]);
    if (answer.status >= 400)
      expect([what, undocumented(answer.status, answer.type, answer.text)]).toEqual([what, undefined]);
  };

  it('[AT10] takes each event by itself, whatever text is in whatever field', async () => {
    const fields = ['stream', 'scope', 'type', 'hlc', 'at', 'tz', 'actor', 'device', 'prev'] as const;
    for (const text of UNSTORABLE) {
      for (const field of [...fields, 'data', 'key', 'extra'] as const) {
        const good = insider.event({ stream: 'probe/good' });
        const event = insider.event({ stream: 'probe/odd', scope: 'region/sz' });
        const odd: Record<string, unknown> = { ...event };
        if (field === 'data') odd['data'] = { text };
        else if (field === 'key') odd['data'] = { [text]: 1 };
        else if (field === 'extra') odd[text] = text;
        else odd[field] = `${event[field]}${text}`;
        for (const scope of ['region/sz', 'region/bj']) {
          const offered = field === 'scope' ? odd : { ...odd, scope };
          const id = insider.event({ stream: 'probe/id' }).id;
          const answer = await insider.offer([{ ...offered, id }, good]);
          expect([field, text, answer.status]).toEqual([field, text, 200]);
          const { verdicts } = answer.body as { verdicts: { verdict: string }[] };
          expect(verdicts[1]?.verdict).toMatch(/^accepted/);
        }
      }
      await stolen.push([{ ...stolen.event({ stream: 'probe/odd' }), type: `odd.${text}x`, data: { text } }]);
    }
  }, 60_000);

  it('[AT11] lets the office see and dismiss what was refused, whatever is in it', async () => {
    const list = await ask(admin, 'GET', '/v1/admin/refusals?limit=500');
    expect(list.status).toBe(200);
    const { refusals } = JSON.parse(list.text) as { refusals: { id: string; device: string }[] };
    expect(refusals.length).toBeGreaterThan(20);
    const first = refusals[0]!;
    const reason = { id: first.id, device: first.device, reason: 'odd' };
    for (const act of ['accept', 'dismiss'])
      isRefused(await ask(admin, 'POST', `/v1/admin/refusals/${act}`, reason), act);
  });

  it('[AT12] answers text that the database cannot hold with a refusal, on every route', async () => {
    const nul = '%00';
    const id = insider.event({ stream: 'probe/id' }).id;
    const paths = [
      `/v1/entities/${nul}`,
      `/v1/entities/ticket%2F${nul}`,
      `/v1/bootstrap?scope=${nul}`,
      `/v1/segments/${nul}`,
      `/v1/blobs/${nul}`,
      `/v1/blobs/${nul}/receipt`,
      `/v1/admin/users?search=${nul}`,
      `/v1/admin/users?after=${nul}`,
      `/v1/admin/devices?user=${nul}`,
      `/v1/admin/devices?after=${nul}`,
      `/v1/admin/refusals?after=${nul}%20${nul}`,
      `/v1/admin/audit?actor=${nul}`,
      `/v1/admin/audit?before=9007199254740991`,
      `/v1/admin/audit?before=9223372036854775807`,
      `/v1/admin/audit?before=1e400`,
      `/v1/admin/users?limit=1e9`,
    ];
    for (const path of paths) isRefused(await ask(admin, 'GET', path), path);
    for (const text of UNSTORABLE) {
      const names = { nameZh: `a${text}a`, nameEn: `a${text}a` };
      const device = { id: text, code: text, name: text, platform: text };
      const user = {
        id: `u${text}`,
        name: `a${text}a`,
        password: 'x'.repeat(12),
        roles: ['engineer'],
        homeRegion: 'sz',
      };
      const event = { ...insider.event({ stream: 'probe/id' }), device: text };
      const bodies: [string, string, unknown][] = [
        ['POST', '/v1/admin/users', user],
        ['POST', '/v1/admin/users', { ...user, id: `u${text.length}` }],
        ['PATCH', '/v1/admin/users/insider', { name: `a${text}a` }],
        ['PUT', '/v1/admin/regions/xy', names],
        ['PUT', '/v1/admin/teams/xy', { ...names, region: 'sz', tier: null }],
        ['POST', `/v1/admin/devices/${encodeURIComponent(text.toWellFormed())}/revoke`, { reason: 'x' }],
        ['POST', `/v1/admin/devices/x/revoke`, { reason: `a${text}a` }],
        ['POST', '/v1/admin/refusals/accept', { device: `x${text}`, id, reason: 'x' }],
        ['POST', '/v1/admin/refusals/dismiss', { device: 'x', id: `${text}${id}`.slice(0, 36), reason: 'x' }],
        ['POST', '/v1/devices/renew', { device }],
        ['POST', '/v1/login', { tenant: text, user: text, password: text, device }],
        ['POST', '/v1/login', { tenant: 'acme', user: 'insider', password: 'correct horse battery', device }],
        ['POST', '/v1/refresh', { device: text, refreshToken: text, at: text, signature: text }],
        [
          'POST',
          '/v1/push',
          {
            epoch: text,
            device: insider.login.deviceId,
            events: [],
            run: { id: `r${text}`, before: [text] },
          },
        ],
        ['POST', '/v1/carried', { device: `d${text}`, events: [event], signature: text }],
        [
          'POST',
          '/v1/pull',
          { epoch: insider.epoch, device: insider.login.deviceId, cursors: { [text]: 1 } },
        ],
      ];
      for (const [method, path, body] of bodies) {
        const who = path.includes('admin') ? admin : insider;
        isRefused(await ask(who, method, path, body), `${method} ${path} ${JSON.stringify(body)}`);
      }
    }
  }, 60_000);

  it('[AT13] takes no stamp from which no clock could go on', async () => {
    const stamp = (ms: number): string =>
      `${ms.toString(36).padStart(9, '0')}-zzzz-${insider.login.deviceId}`.slice(0, 80);
    const push = async (hlc: string) => {
      const event: DomainEvent = { ...insider.event({ stream: 'probe/time' }), hlc };
      return (await insider.push([event])).verdicts[0];
    };
    expect(await push('zzzzzzzzz-zzzz-x23456789')).toMatchObject({
      verdict: 'refused',
      code: 'sync.malformed',
    });
    expect(await push(stamp(HORIZON_MS + 2 * 86_400_000))).toMatchObject({ code: 'sync.malformed' });
    expect((await push(stamp(HORIZON_MS)))?.verdict).toMatch(/^accepted/);
  });

  it('[AT10] still answers a good push and pull', async () => {
    const { id } = insider.event({ stream: 'probe/last' });
    const answer = await insider.push([{ ...insider.event({ stream: 'probe/last' }), id }]);
    expect(answer.verdicts[0]?.verdict).toMatch(/^accepted/);
    await insider.pull();
    expect(insider.receivedIds()).toContain(id);
  });
});
