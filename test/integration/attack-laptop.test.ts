import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc, { type Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createAdminHandlers } from '#electron/services/admin/handlers.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import type { Tokens } from '#electron/services/sync/tokens.ts';
import { gunzipText } from '#renderer/db/packing.ts';
import { formatHlc, HORIZON_MS, parseHlc, tick } from '#shared/events/hlc.ts';
import { HostError } from '#shared/host/errors.ts';
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
import {
  BlobReceiptSchema,
  HelloSchema,
  LoginAnswerSchema,
  ManifestSchema,
  OidcBegunSchema,
  ProblemSchema,
  PullLineSchema,
  PushAnswerSchema,
  RefreshAnswerSchema,
} from '#shared/sync/protocol.ts';
import { aDraft, steppedClock } from '#test/support/journal-builders.ts';
import { arbitraryOf, damaged } from '#test/support/attack/arbitrary-of.ts';

const SEED = Number(process.env['FAULTLINE_FUZZ_SEED'] ?? 20_261_122);
const ROUNDS = Number(process.env['FAULTLINE_FUZZ_ROUNDS'] ?? 60);
const HASH = 'a'.repeat(64);

let server: Server;
let client: ServerClient;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().once('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new ServerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const says = (status: number, body: string | Uint8Array, headers: Record<string, string> = {}): void => {
  answer = (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};
const drain = async (lines: AsyncIterable<readonly unknown[]>): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const batch of lines) all.push(...batch);
  return all;
};
/** What a refresh of the login brings. */
const renewedTokens = async (): Promise<unknown> => {
  let renewed: unknown;
  const tokens: Tokens = {
    token: 'token',
    isDue: false,
    renew: async (_spent, ask) => {
      renewed = await ask({ device: 'd', refreshToken: 'r', at: '', signature: '' });
    },
  };
  await new ServerClient(client.url, undefined, { tokens }).refresh();
  return renewed;
};
/** The office's requests, through the host. */
const office = createAdminHandlers(() => ({ once: (work, signal) => work(client, signal) }));
/** What the call gave, or the code of its error; anything else thrown is thrown on. */
const outcome = async (call: () => Promise<unknown>): Promise<{ value: unknown } | { code: string }> => {
  try {
    return { value: await call() };
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    return { code: thrown.code };
  }
};
const hostile = (schema: z.ZodType): Arbitrary<unknown> =>
  fc.oneof(
    arbitraryOf(schema),
    arbitraryOf(schema).chain((message) => damaged(message)),
  );

describe('A laptop before a server that is not what it says', () => {
  const device = { name: 'x', platform: 'x' };
  const pull = { epoch: 'e', device: 'd', cursors: {} };
  const context = { signal: new AbortController().signal };
  const calls: [string, z.ZodType, () => Promise<unknown>][] = [
    ['a greeting', HelloSchema, () => client.hello()],
    ['a login', LoginAnswerSchema, () => client.login({ user: 'u', password: 'p', device })],
    ['a sign-in', OidcBegunSchema, () => client.oidcBegin({ challenge: 'x'.repeat(43) })],
    ['new tokens', RefreshAnswerSchema, renewedTokens],
    ['a new device', LoginAnswerSchema, () => client.renewDevice({ device })],
    ['verdicts', PushAnswerSchema, () => client.push({ epoch: 'e', device: 'd', events: [] })],
    [
      'verdicts on carried facts',
      PushAnswerSchema,
      () => client.carried({ device: 'd', events: [], signature: '' }),
    ],
    ['a manifest', ManifestSchema, () => client.bootstrap()],
    ['a receipt', BlobReceiptSchema, () => client.receipt(HASH)],
    ['the state of the server', AdminStatusSchema, () => office.status({}, context)],
    ['accounts', UserPageSchema, () => office.users({ search: '', after: '', limit: 9 }, context)],
    ['an account', AdminUserSchema, () => office.updateUser({ id: 'u', change: {} }, context)],
    ['regions', z.object({ regions: z.array(RegionSchema) }), () => office.regions({}, context)],
    ['teams', z.object({ teams: z.array(TeamSchema) }), () => office.teams({}, context)],
    ['laptops', DevicePageSchema, () => office.devices({ user: '', after: '', limit: 9 }, context)],
    ['a laptop', AdminDeviceSchema, () => office.reinstateDevice({ id: 'd', reason: '' }, context)],
    ['facts held back', RefusalPageSchema, () => office.refusals({ after: '', limit: 9 }, context)],
    ['the audit log', AuditPageSchema, () => office.audit({ actor: '', limit: 9 }, context)],
  ];

  it.each(calls)(
    '[AT17] takes %s as agreed, and gives an error of sync for what is not',
    async (_, schema, call) => {
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(hostile(schema), async (message) => {
          const text = JSON.stringify(message) ?? '';
          says(200, text);
          const got = await outcome(call);
          if ('code' in got) {
            expect(got.code).toMatch(/^sync\./);
            return;
          }
          taken++;
          expect(got.value).toEqual(schema.parse(JSON.parse(text)));
        }),
        { seed: SEED, numRuns: ROUNDS, endOnFailure: true },
      );
      expect(taken).toBeGreaterThan(0);
    },
  );

  it('[AT17] takes whole lines that fit, up to the first that does not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(hostile(PullLineSchema), { maxLength: 6 }),
        fc.nat(200),
        async (messages, cut) => {
          const text = messages.map((message) => `${JSON.stringify(message) ?? ''}\n`).join('');
          says(200, text.slice(0, Math.max(0, text.length - (cut > 100 ? cut - 100 : 0))));
          const got = await outcome(() => drain(client.pull(pull)));
          if ('value' in got)
            for (const line of got.value as unknown[])
              expect(PullLineSchema.safeParse(line).success).toBe(true);
        },
      ),
      { seed: SEED, numRuns: ROUNDS, endOnFailure: true },
    );
  });

  it('[AT17] makes a SyncError of every refusal, whatever its status and words', async () => {
    const statuses = fc.constantFrom(
      201,
      202,
      204,
      206,
      300,
      304,
      400,
      401,
      403,
      404,
      409,
      410,
      413,
      418,
      426,
      429,
      500,
      503,
      599,
    );
    const headers = fc.record(
      {
        'retry-after': fc.constantFrom('-1', '1e99', 'Thu, 01 Jan 1970 00:00:00 GMT', '0x10', '999999999999'),
        location: fc.constantFrom(
          '//evil.example',
          'javascript:alert(1)',
          'http://[',
          '\\\\evil\\x',
          'file:///etc/passwd',
        ),
        'content-type': fc.constantFrom('application/problem+json', 'text/html', '', 'application/json'),
        'content-encoding': fc.constantFrom('gzip', 'br', 'zstd', 'none'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(statuses, headers, hostile(ProblemSchema), async (status, given, message) => {
        says(status, status === 204 || status === 304 ? '' : (JSON.stringify(message) ?? ''), given);
        const got = await outcome(() => client.push({ epoch: 'e', device: 'd', events: [] }));
        expect(got).toEqual({ code: expect.stringMatching(/^sync\./) as string });
      }),
      { seed: SEED, numRuns: ROUNDS * 2, endOnFailure: true },
    );
  });

  it('[AT17] takes no segment that is not what it was named', async () => {
    const bytes = gzipSync('{}\n');
    const name = createHash('sha256').update(bytes).digest('hex');
    for (const [sent, headers] of [
      [bytes.subarray(0, -1), {}],
      [Buffer.concat([bytes, bytes]), {}],
      [Buffer.from('{}\n'), {}],
      [randomBytes(100), {}],
      // Unpacked on the way, it is not the bytes that have the name.
      [bytes, { 'content-encoding': 'gzip' }],
      [Buffer.alloc(0), {}],
    ] as const) {
      says(200, sent, { 'content-type': 'application/gzip', ...headers });
      expect(await outcome(() => client.segment(name))).toEqual({ code: 'sync.damagedSegment' });
    }
    says(200, bytes, { 'content-type': 'application/gzip' });
    expect(await client.segment(name)).toEqual(new Uint8Array(bytes));
  });

  it('[AT17] unpacks no segment that unfolds without end, though it has the right name', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20)));
    await expect(gunzipText(bomb, 1024 * 1024)).rejects.toThrow(RangeError);
    expect(await gunzipText(new Uint8Array(gzipSync('text')))).toBe('text');
  });

  it('[AT17] gives up on lines and answers that never end, in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const more = Buffer.alloc(1024 * 1024, 0x61);
      const go = (): void => {
        while (!response.destroyed && response.write(more));
        if (!response.destroyed) response.once('drain', go);
      };
      go();
    };
    expect(await outcome(() => drain(client.pull(pull)))).toEqual({ code: 'sync.badAnswer' });
    expect(await outcome(() => client.bootstrap())).toEqual({ code: 'sync.badAnswer' });
    expect(await outcome(() => client.segment(HASH))).toEqual({ code: 'sync.badAnswer' });
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});

describe('A laptop’s clock', () => {
  it('[AT13] does not follow a stamp from beyond the horizon, and writes on', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'faultline-horizon-'));
    try {
      const options = { dir, device: 'device-1', actor: 'li.wei', clock: steppedClock() };
      const journal = await Journal.open(options);
      await journal.observe('zzzzzzzzz-zzzz-somebody');
      await journal.append([aDraft('x')]);
      await journal.observe(formatHlc({ ms: HORIZON_MS, counter: 36 ** 4 - 1 }, 'somebody'));
      await journal.append([aDraft('x')]);
      await journal.close();
      const again = await Journal.open({ ...options, clock: steppedClock() });
      await again.append([aDraft('x')]);
      const stamps: string[] = [];
      for await (const event of again.eventsOf()) stamps.push(event.hlc);
      await again.close();
      expect(stamps).toEqual(stamps.toSorted());
      expect(stamps.map((stamp) => stamp.indexOf('-'))).toEqual([9, 9, 9]);
      expect(parseHlc(stamps[0] ?? '').ms).toBeLessThan(HORIZON_MS);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('[AT13] goes on after every stamp that the server takes, and never leaves its nine digits', () => {
    const latest = parseHlc(`${HORIZON_MS.toString(36).padStart(9, '0')}-zzzz-device-12`);
    let clock = { ms: latest.ms, counter: latest.counter };
    for (let made = 0; made < 1_000; made++) {
      const next = tick(clock, made % 2 === 0 ? Number.MAX_SAFE_INTEGER : 0);
      const [stamp, before] = [formatHlc(next, 'device-12'), formatHlc(clock, 'device-12')];
      expect(stamp > before).toBe(true);
      expect(parseHlc(stamp)).toMatchObject(next);
      clock = next;
    }
    expect(clock.ms).toBeLessThan(HORIZON_MS + 1_000);
  });
});
