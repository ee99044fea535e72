import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attacksOn,
  INSIDERS,
  OPEN_ROUTES,
  type Attack,
  type Insider,
} from '#test/support/attack/attack-matrix.ts';
import { AttackedServer, changesBetween, DATABASES } from '#test/support/attack/attacked-server.ts';
import { undocumented } from '#test/support/attack/documented-problems.ts';
import { rawRequest, type RawAnswer } from '#test/support/attack/raw-request.ts';
import { newUser, plantVictim, type Victim } from '#test/support/attack/victim.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

/** What an attacker's own, permitted doing may add in his tenant: kept refusals, cuts of his own scopes. */
const OWN_TRACES = ['refusals', 'segments', 'segment_cuts'];

describe.each(DATABASES)('Every route on %s, attacked', (kind) => {
  let server: AttackedServer;
  let victim: Victim;
  const insiders = new Map<Insider, SyncDevice>();
  let expired: SyncDevice;
  let disabled: SyncDevice;

  beforeAll(async () => {
    server = await AttackedServer.start(kind);
    const staff = (id: string, role: string, homeRegion = 'bj') =>
      newUser(server, { tenant: 'acme', id, roles: [role], homeRegion });
    expired = await staff('expired', 'engineer', 'sz');
    server.clock.ms += 13 * 3_600_000;
    victim = await plantVictim(server);
    insiders.set(
      'rival',
      await newUser(server, { tenant: 'rival', id: 'boss', roles: ['admin'], homeRegion: 'xx' }),
    );
    insiders.set('engineer', await staff('spy', 'engineer'));
    insiders.set('customer', await staff('guest', 'customer'));
    insiders.set('manager', await staff('chief', 'manager'));
    insiders.set('revoked', await staff('stolen', 'engineer', 'sz'));
    await victim.admin.request(
      'POST',
      `/v1/admin/devices/${insiders.get('revoked')!.login.deviceId}/revoke`,
      {
        reason: 'stolen',
      },
    );
    disabled = await staff('gone', 'engineer', 'sz');
    await server.rows(`UPDATE users SET disabled = true WHERE id = 'gone'`);
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  const ask = (attack: Attack, authorization?: string): Promise<RawAnswer> => {
    const [method = ''] = attack.route.split(' ');
    const body = attack.bytes ?? (attack.body === undefined ? undefined : JSON.stringify(attack.body));
    const type = attack.bytes === undefined ? 'application/json' : 'application/octet-stream';
    return rawRequest(server.url, {
      method,
      path: attack.path,
      body,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...attack.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
    });
  };
  const bearer = ({ login }: SyncDevice): string => `Bearer ${login.token}`;
  /** What is wrong with an answer, in words; nothing when all is as it should be. */
  const faultOf = (answer: RawAnswer, expected: string): string | undefined => {
    const [status = '', code = ''] = expected.split(' ');
    if (answer.status !== Number(status)) return `answered ${answer.status} ${answer.code}, not ${expected}`;
    for (const secret of victim.secrets) if (answer.text.includes(secret)) return `gave away ${secret}`;
    if (answer.status < 400 || code === '') return undefined;
    if (answer.code !== code) return `said ${answer.code}, not ${code}`;
    return undocumented(answer.status, answer.type, answer.text);
  };
  const attackAll = async (
    attacker: SyncDevice,
    authorization: string | undefined,
    expected: (attack: Attack) => string,
  ): Promise<string[]> => {
    const faults: string[] = [];
    for (const attack of attacksOn(victim, attacker)) {
      const wanted = expected(attack);
      const [method = '', url] = attack.route.split(' ');
      const tries = [
        attack,
        ...(server.routes.has(`HEAD ${url}`) && method === 'GET'
          ? [{ ...attack, route: `HEAD ${url}` }]
          : []),
      ];
      for (const one of tries) {
        const isHead = one.route.startsWith('HEAD');
        const fault = faultOf(await ask(one, authorization), isHead ? (wanted.split(' ')[0] ?? '') : wanted);
        if (fault !== undefined) faults.push(`${one.route} (${one.what}): ${fault}`);
      }
    }
    return faults;
  };

  it('[AT1] knows every route there is: a new one is attacked, or is said to be open with a reason', () => {
    const attacked = new Set(attacksOn(victim, victim.device).map(({ route }) => route));
    const known = new Set([...attacked, ...Object.keys(OPEN_ROUTES)]);
    // Fastify answers HEAD by itself where there is GET.
    const there = [...server.routes].filter(
      (route) => !known.has(route.replace(/^HEAD /, 'GET ')) && !known.has(route),
    );
    expect(there).toEqual([]);
    expect([...known].filter((route) => !server.routes.has(route))).toEqual([]);
  });

  it('[AT2] refuses who has no login, in whatever way, and nothing changes', async () => {
    const before = await server.snapshot();
    const stranger = insiders.get('engineer')!;
    const token = randomBytes(32).toString('base64url');
    const words = [undefined, 'Bearer x', `Bearer ${token}`];
    const oddities = [
      'Bearer',
      `bearer ${token}`,
      `Basic ${Buffer.from('boss:x').toString('base64')}`,
      `Bearer ${token} ${token}`,
      `Bearer ${'A'.repeat(8_000)}`,
      `Bearer ' OR 1=1 --`,
      `Bearer ${victim.device.login.token}x`,
    ];
    const list = attacksOn(victim, stranger).find(({ route }) => route === 'GET /v1/admin/users')!;
    for (const word of oddities) expect(faultOf(await ask(list, word), '401 auth.invalid')).toBeUndefined();
    for (const word of words) expect(await attackAll(stranger, word, headOf('401 auth.invalid'))).toEqual([]);
    expect(await attackAll(stranger, bearer(expired), headOf('401 auth.expired'))).toEqual([]);
    expect(await attackAll(stranger, bearer(disabled), headOf('401 auth.disabled'))).toEqual([]);
    expect(changesBetween(before, await server.snapshot())).toEqual([]);
  });

  it.each(INSIDERS)(
    '[AT3] gives the %s nothing of the victim, and lets nothing of it be changed',
    async (who) => {
      const attacker = insiders.get(who)!;
      const [all, theirs] = [await server.snapshot(), await server.snapshot('acme')];
      expect(await attackAll(attacker, bearer(attacker), ({ expected }) => expected[who])).toEqual([]);
      const isForeign = who === 'rival';
      expect(changesBetween(theirs, await server.snapshot('acme'), isForeign ? [] : OWN_TRACES)).toEqual([]);
      const changed = changesBetween(all, await server.snapshot(), OWN_TRACES).filter(
        (name) => !name.startsWith('segments/'),
      );
      expect(changed).toEqual([]);
      // Verdicts of what was pushed.
      const pushed = attacksOn(victim, attacker)
        .filter(({ route }) => route === 'POST /v1/push')
        .slice(0, 2);
      for (const attack of pushed) {
        const { text } = await ask(attack, bearer(attacker));
        expect(JSON.parse(text)).toMatchObject({
          verdicts: [
            {
              verdict: 'refused',
              code: expect.stringMatching(
                /^sync\.(noRight|unknownScope|wrongActor|deviceRevoked)$/,
              ) as string,
            },
          ],
        });
      }
    },
  );

  it('[AT4] gives away nothing on the routes that need no login', async () => {
    const before = await server.snapshot();
    const login = {
      tenant: 'acme',
      user: 'victim',
      password: 'guess',
      device: { id: victim.device.login.deviceId, name: 'x', platform: 'x' },
    };
    const refresh = {
      device: victim.device.login.deviceId,
      refreshToken: victim.device.login.refreshToken,
      at: '',
      signature: 'x',
    };
    const complete = { id: 'x', verifier: 'x'.repeat(43), code: 'ABCDEFGH', device: login.device };
    const json = (method: string, path: string, body: unknown, expected: string) => ({
      route: `${method} ${path}`,
      what: 'open',
      path,
      body,
      expected,
    });
    const plain = (route: string, expected: string, headers = {}) => ({
      route,
      what: 'open',
      path: route.split(' ')[1] ?? '',
      headers,
      expected,
    });
    const tries = [
      json('POST', '/v1/login', login, '401 auth.wrongPassword'),
      json('POST', '/v1/refresh', refresh, '401 auth.badSignature'),
      json('POST', '/v1/oidc/begin', { challenge: 'x'.repeat(43) }, '404 auth.noProvider'),
      json('POST', '/v1/oidc/complete', complete, '404 auth.noProvider'),
      plain('GET /v1/oidc/callback', '404 auth.noProvider'),
      plain('GET /v1/first-admin/x', '410'),
      {
        ...plain('POST /v1/first-admin', '410'),
        bytes: Buffer.from('token=x&name=x&password=xxxxxxxxxxxx&again=xxxxxxxxxxxx'),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
      plain('GET /v1/hello', '200 own'),
      plain('GET /healthz', '200 own'),
      plain('GET /readyz', '200 own', { 'x-forwarded-for': '1.2.3.4' }),
      plain('GET /metrics', '200 own'),
      plain('GET /metrics', '403 metrics.closed', { 'x-forwarded-for': '127.0.0.1' }),
      plain('GET /metrics', '403 metrics.closed', { forwarded: 'for=127.0.0.1', authorization: 'Bearer ' }),
      plain('GET /v1/nothing', '404 http.notFound'),
    ];
    for (const one of tries) {
      const fault = faultOf(
        await ask(
          one as unknown as Attack,
          (one as { headers?: Record<string, string> }).headers?.['authorization'],
        ),
        one.expected,
      );
      expect([one.route, fault]).toEqual([one.route, undefined]);
    }
    expect(changesBetween(before, await server.snapshot(), ['login_failures', 'audit_log'])).toEqual([]);
  });

  it('[AT3] still serves the victim as before', async () => {
    const { device } = victim;
    const answer = await device.push([device.event({ stream: 'probe/after' })]);
    expect(answer.verdicts).toMatchObject([{ verdict: 'accepted' }]);
    expect((await device.entity('customer/planted')).length).toBe(1);
  });
});

/** The same for each attack; a HEAD has no body to say more in. */
function headOf(expected: string): (attack: Attack) => string {
  return ({ route }) => (route.startsWith('HEAD') ? (expected.split(' ')[0] ?? '') : expected);
}
