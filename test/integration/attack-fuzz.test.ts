import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carriedText } from '#server/sync/carried.ts';
import {
  AuditQuerySchema,
  DeviceQuerySchema,
  NewUserSchema,
  ReasonSchema,
  RefusalQuerySchema,
  RefusalRefSchema,
  RegionNamesSchema,
  RevokeSchema,
  TeamDataSchema,
  UserChangeSchema,
  UserQuerySchema,
} from '#shared/sync/admin.ts';
import {
  CarriedRequestSchema,
  LoginRequestSchema,
  OidcBeginSchema,
  OidcCompleteSchema,
  PullRequestSchema,
  PushRequestSchema,
  RefreshRequestSchema,
  RenewRequestSchema,
} from '#shared/sync/protocol.ts';
import { arbitraryOf, damaged } from '#test/support/attack/arbitrary-of.ts';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { undocumented } from '#test/support/attack/documented-problems.ts';
import { rawRequest, type RawAnswer } from '#test/support/attack/raw-request.ts';
import { newUser, PASSWORD } from '#test/support/attack/victim.ts';
import { DeviceKey } from '#test/support/login-device.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';

const SEED = Number(process.env['FAULTLINE_FUZZ_SEED'] ?? 20_261_122);
const ROUNDS = Number(process.env['FAULTLINE_FUZZ_ROUNDS'] ?? 25);

/** Which body each route reads, by its source: a schema that a route begins to read is fuzzed too. */
const ROUTES = new URL('../../server/http/', import.meta.url);
const HERE = new URL(import.meta.url);
it('[AT8] knows every schema by which a route reads', async () => {
  const own = await readFile(HERE, 'utf8');
  const sources = await Promise.all(
    (await readdir(ROUTES))
      .filter((name) => name.endsWith('-routes.ts'))
      .map((name) => readFile(new URL(name, ROUTES), 'utf8')),
  );
  const read = sources.flatMap((source) =>
    [...source.matchAll(/\b(\w+)Schema\.parse\(/g)].map(([, name = '']) => name),
  );
  // Envelopes of a push and of carried facts read each event by itself.
  const named = read.map((name) => `${name.replace('Envelope', 'Request')}Schema`);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => own.split(name).length < 3)).toEqual([]);
});

describe.each(DATABASES)('Every message of the wire, fuzzed, on %s', (kind) => {
  let server: AttackedServer;
  let admin: SyncDevice;
  let insider: SyncDevice;
  const key = new DeviceKey();

  beforeAll(async () => {
    // Nobody answers there: what comes before and after the provider is what is attacked.
    const oidc = {
      issuer: 'http://127.0.0.1:1',
      clientId: 'x',
      name: 'x',
      tenant: 'acme',
      userClaim: 'sub' as const,
    };
    server = await AttackedServer.start(kind, { oidc });
    const staff = (id: string, role: string, device = {}) =>
      newUser(server, { tenant: 'acme', id, roles: [role], homeRegion: 'sz' }, device);
    admin = await staff('boss', 'admin');
    insider = await staff('insider', 'engineer', { publicKey: key.publicKey });
  }, 180_000);
  afterAll(async () => {
    await server?.close();
  }, 60_000);

  const send = (method: string, path: string, body: unknown): Promise<RawAnswer> => {
    const { login } = path.includes('/admin/') ? admin : insider;
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { authorization: `Bearer ${login.token}`, 'content-type': 'application/json' };
    return rawRequest(server.url, { method, path, body: text, headers });
  };
  const isFine = (answer: RawAnswer, allowed: readonly string[] = []): void => {
    const isAllowed = allowed.includes(answer.code);
    expect([answer.text.slice(0, 300), answer.status < 500 || isAllowed]).toEqual([
      answer.text.slice(0, 300),
      true,
    ]);
    if (answer.status >= 400) expect(undocumented(answer.status, answer.type, answer.text)).toBeUndefined();
  };

  /** By route: the schema of its body, and a good body to be damaged. */
  const messages = () => {
    const event = (): object =>
      insider.event({ stream: 'ticket/1', type: 'ticket.noted', data: { text: 'x' } });
    const { deviceId } = insider.login;
    const events = [event()];
    const device = { id: deviceId, name: 'x', platform: 'x', publicKey: key.publicKey };
    const carried = { device: deviceId, events, signature: key.sign(carriedText(deviceId, events)) };
    const names = { nameZh: 'x', nameEn: 'x' };
    const refusal = { device: deviceId, id: insider.event({ stream: 'probe/x' }).id, reason: 'x' };
    const user = {
      id: 'made',
      name: 'x',
      password: PASSWORD,
      roles: ['engineer'],
      homeRegion: 'sz',
      regions: [],
      teams: [],
    };
    const run = { id: 'run', before: ['other'] };
    return [
      ['POST', '/v1/login', LoginRequestSchema, { tenant: 'acme', user: 'nobody', password: 'x', device }],
      [
        'POST',
        '/v1/refresh',
        RefreshRequestSchema,
        { device: deviceId, refreshToken: insider.login.refreshToken, at: 'x', signature: 'x' },
      ],
      ['POST', '/v1/oidc/begin', OidcBeginSchema, { tenant: 'acme', challenge: 'x'.repeat(43) }],
      [
        'POST',
        '/v1/oidc/complete',
        OidcCompleteSchema,
        { id: refusal.id, verifier: 'x'.repeat(43), code: 'ABCDEFGH', device },
      ],
      ['POST', '/v1/devices/renew', RenewRequestSchema, { device: { ...device, publicKey: 'none' } }],
      [
        'POST',
        '/v1/push',
        PushRequestSchema,
        { epoch: insider.epoch, device: deviceId, events: [event(), event()], run },
      ],
      ['POST', '/v1/carried', CarriedRequestSchema, carried],
      [
        'POST',
        '/v1/pull',
        PullRequestSchema,
        {
          epoch: insider.epoch,
          device: deviceId,
          cursors: { org: 0, 'region/sz': 1 },
          page: { events: 1, bytes: 1 },
        },
      ],
      ['POST', '/v1/admin/users', NewUserSchema, user],
      [
        'PATCH',
        '/v1/admin/users/insider',
        UserChangeSchema.omit({ disabled: true, password: true, roles: true, homeRegion: true }),
        { name: 'x', regions: ['sz'] },
      ],
      ['PUT', '/v1/admin/regions/xy', RegionNamesSchema, names],
      ['PUT', '/v1/admin/teams/xy', TeamDataSchema, { ...names, region: 'sz', tier: null }],
      ['POST', '/v1/admin/devices/none/revoke', RevokeSchema, { reason: 'x', endSignIn: true }],
      ['POST', '/v1/admin/devices/none/reinstate', ReasonSchema, { reason: 'x' }],
      ['POST', '/v1/admin/refusals/accept', RefusalRefSchema, refusal],
      ['POST', '/v1/admin/refusals/dismiss', RefusalRefSchema, refusal],
    ] as const;
  };

  it('[AT8] gets documented answers, made from the schema and by damaging a good one', async () => {
    let sent = 0;
    for (const [method, path, schema, good] of messages()) {
      const bodies = fc.oneof(
        arbitraryOf(schema),
        damaged(good),
        arbitraryOf(schema).chain((message) => damaged(message)),
      );
      const allowed = path === '/v1/oidc/begin' ? ['auth.providerDown'] : [];
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          sent++;
          isFine(await send(method, path, body), allowed);
        }),
        { seed: SEED, numRuns: ROUNDS, endOnFailure: true },
      );
      // The throttle of logins would answer all that follows.
      server.clock.ms += 3_600_000 / 60;
    }
    expect(sent).toBeGreaterThanOrEqual(15 * ROUNDS);
  }, 60_000);

  it('[AT8] the same for queries, paths and the headers of uploads', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '..',
        '%2e%2e',
        '\0',
        '../../x',
        "'",
        '%',
        '_',
        '\u202E',
        'a'.repeat(600),
        '%ff',
        '%c0%ae%c0%ae%2f',
      ),
    );
    const encoded = (value: string): string =>
      value.startsWith('%') ? value : encodeURIComponent(value.toWellFormed());
    const patterns: [string, (value: string) => string][] = [
      ['GET', (value) => `/v1/entities/${encoded(value)}`],
      ['GET', (value) => `/v1/segments/${encoded(value)}`],
      ['GET', (value) => `/v1/bootstrap?scope=${encoded(value)}`],
      ['GET', (value) => `/v1/blobs/${encoded(value)}`],
      ['GET', (value) => `/v1/blobs/${encoded(value)}/receipt`],
      ['PUT', (value) => `/v1/blobs/${encoded(value)}`],
      ['HEAD', (value) => `/v1/uploads/${encoded(value)}`],
      ['DELETE', (value) => `/v1/uploads/${encoded(value)}`],
      ['PATCH', (value) => `/v1/admin/users/${encoded(value)}`],
      ['PUT', (value) => `/v1/admin/regions/${encoded(value)}`],
      ['DELETE', (value) => `/v1/admin/teams/${encoded(value)}`],
      ['POST', (value) => `/v1/admin/devices/${encoded(value)}/revoke`],
      ...Object.entries({
        users: UserQuerySchema,
        devices: DeviceQuerySchema,
        refusals: RefusalQuerySchema,
        audit: AuditQuerySchema,
      }).flatMap(([list, { shape }]) =>
        Object.keys(shape).map((name): [string, (value: string) => string] => [
          'GET',
          (value) => `/v1/admin/${list}?${name}=${encoded(value)}&${name}=twice`,
        ]),
      ),
      ['GET', (value) => `/v1/admin/users?search=${encoded(value)}`],
      ['GET', (value) => `/v1/admin/refusals?after=${encoded(value)}`],
      ['GET', (value) => `/v1/admin/audit?before=${encoded(value)}`],
    ];
    for (const [method, path] of patterns) {
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          const body =
            method === 'PUT' || method === 'PATCH' || method === 'POST' ? { reason: 'x' } : undefined;
          const answer = await send(method, path(value), body);
          if (method === 'HEAD') expect(answer.status).toBeLessThan(500);
          else isFine(answer);
        }),
        { seed: SEED, numRuns: Math.ceil(ROUNDS / 3), endOnFailure: true },
      );
    }
    const header = fc.oneof(
      fc.constantFrom(
        '',
        '-1',
        '0',
        '1e9',
        '9'.repeat(30),
        '0x10',
        '1,1',
        'NaN',
        'sha256',
        'sha256 !!',
        'sha256 Li4v',
        '1.0.0',
        '9.9.9',
        '\xff\xfe',
      ),
      fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
    );
    const headers = fc.record(
      {
        'tus-resumable': fc.oneof(fc.constant('1.0.0'), header),
        'upload-length': header,
        'upload-metadata': header,
        'upload-offset': header,
        'upload-concat': header,
        'upload-defer-length': header,
        'upload-checksum': header,
        'content-type': fc.oneof(fc.constant('application/offset+octet-stream'), header),
        'x-http-method-override': fc.constantFrom('DELETE', 'GET', 'TRACE'),
      },
      { requiredKeys: ['tus-resumable'] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'PATCH', 'DELETE', 'OPTIONS'),
        headers,
        async (method, given) => {
          const path =
            method === 'POST' || method === 'OPTIONS' ? '/v1/uploads' : `/v1/uploads/${'a'.repeat(32)}`;
          const authorization = `Bearer ${insider.login.token}`;
          isFine(
            await rawRequest(server.url, { method, path, body: 'x', headers: { ...given, authorization } }),
          );
        },
      ),
      { seed: SEED, numRuns: ROUNDS * 4, endOnFailure: true },
    );
  }, 60_000);

  it('[AT8] finds a path that is too long malformed', async () => {
    isFine(await send('GET', `/v1/entities/${'a'.repeat(600)}`, undefined));
    isFine(await send('GET', `/v1/blobs/${'a'.repeat(600)}`, undefined));
  });

  it('[AT8] serves a good push and pull after all of it', async () => {
    const again = await newUser(server, {
      tenant: 'acme',
      id: 'after',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    const event = again.event({ stream: 'probe/after' });
    expect((await again.push([event])).verdicts).toEqual([{ id: event.id, verdict: 'accepted' }]);
    await again.pull();
    expect(again.receivedIds()).toContain(event.id);
    expect(await server.rows(`SELECT 1 FROM users WHERE id = 'boss'`)).toHaveLength(1);
  });
});
