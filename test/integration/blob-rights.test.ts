import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi, type MockInstance } from 'vitest';
import { ContentFiles } from '#server/blobs/content-files.ts';
import { Uploads } from '#server/blobs/uploads.ts';
import { operate } from '#server/ops/open-place.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { AttackedServer, DATABASES } from '#test/support/attack/attacked-server.ts';
import { newUser } from '#test/support/attack/victim.ts';
import { codeOf, DeviceKey } from '#test/support/login-device.ts';
import { SyncDevice, type Answer } from '#test/support/sync-device.ts';
import { beginUpload, patch, tus } from '#test/support/uploads.ts';
import { sha256 } from '#test/support/sha256.ts';

vi.setConfig({ testTimeout: 60_000 });

const DAY = 24 * 3_600_000;

describe.each(DATABASES)('Attachments on %s', (kind) => {
  let server: AttackedServer;
  let boss: SyncDevice;
  let owner: SyncDevice;
  let colleague: SyncDevice;
  let far: SyncDevice;
  let guest: SyncDevice;
  let rival: SyncDevice;
  const keys = { owner: new DeviceKey() };
  let cleaning: MockInstance<Uploads['clean']>;
  let everyHour: () => void;

  beforeAll(async () => {
    cleaning = vi.spyOn(Uploads.prototype, 'clean');
    const timers = vi.spyOn(globalThis, 'setInterval');
    server = await AttackedServer.start(kind, {
      tokenTtlMs: 1000 * DAY,
      accessTtlMs: 1000 * DAY,
      unnamed: { perUser: 6, bytesPerUser: 100_000 },
    });
    const hourly = timers.mock.calls.find(([, delay]) => delay === 3_600_000);
    everyHour = hourly?.[0] as () => void;
    timers.mockRestore();
    const user = (id: string, role: string, homeRegion: string, device = {}, tenant = 'acme') =>
      newUser(server, { tenant, id, roles: [role], homeRegion }, device);
    boss = await user('boss', 'admin', 'sz');
    owner = await user('owner', 'engineer', 'sz', { publicKey: keys.owner.publicKey });
    colleague = await user('colleague', 'engineer', 'sz');
    far = await user('far', 'engineer', 'bj');
    guest = await user('guest', 'customer', 'sz');
    rival = await user('boss', 'admin', 'sz', {}, 'rival');
  }, 180_000);
  afterAll(async () => {
    cleaning.mockRestore();
    await server?.close();
  }, 60_000);

  const put = (who: SyncDevice, bytes: Uint8Array): Promise<Answer> =>
    who.request('PUT', `/v1/blobs/${sha256(bytes)}`, bytes);
  const named = (bytes: Uint8Array, more: object = {}) => ({
    kind: 'photo',
    name: 'x.png',
    sha256: sha256(bytes),
    size: bytes.length,
    mediaType: 'image/png',
    ...more,
  });
  const ticket = (): string => `ticket/${randomBytes(6).toString('hex')}`;
  const attached = (who: SyncDevice, stream: string, bytes: Uint8Array, scope?: string): DomainEvent =>
    who.event({
      stream,
      type: 'ticket.evidenceAttached',
      data: named(bytes),
      ...(scope === undefined ? {} : { scope }),
    });
  const accepted = async (who: SyncDevice, ...events: DomainEvent[]): Promise<void> => {
    const { verdicts } = await who.push(events);
    for (const { verdict } of verdicts) expect(verdict).toMatch(/^accepted/);
  };
  /** An attachment of a ticket in region `sz`, brought and named by its owner. */
  const given = async (stream = ticket(), bytes: Buffer = randomBytes(100)) => {
    await accepted(owner, attached(owner, stream, bytes));
    expect((await put(owner, bytes)).status).toBe(200);
    return { stream, bytes };
  };
  const announce = (who: SyncDevice, hash: string) =>
    tus(who, 'POST', '/v1/uploads', {
      'upload-length': '100',
      'upload-metadata': `sha256 ${Buffer.from(hash).toString('base64')}`,
    });
  const fetched = async (who: SyncDevice, hash: string): Promise<number> =>
    (await who.request('GET', `/v1/blobs/${hash}`)).status;
  const isStored = (hash: string, tenant = 'acme'): boolean =>
    existsSync(join(server.folder, 'blobs', tenant, hash.slice(0, 2), hash));
  const told = ({ status, body, headers }: Answer) => {
    const { date: _, 'x-request-id': __, ...others } = Object.fromEntries(headers);
    return { status, body: body instanceof Buffer ? body.toString() : body, others };
  };
  /** All ways to ask for it answer like for one that is not there. */
  const expectMissing = async (who: SyncDevice, hash: string): Promise<void> => {
    const nothing = sha256(randomBytes(8));
    for (const [method, end] of [
      ['GET', ''],
      ['HEAD', ''],
      ['GET', '/receipt'],
      ['HEAD', '/receipt'],
    ] as const) {
      const answer = told(await who.request(method, `/v1/blobs/${hash}${end}`));
      expect(answer.status).toBe(404);
      expect(answer).toEqual(told(await who.request(method, `/v1/blobs/${nothing}${end}`)));
    }
    const begun = await announce(who, hash);
    expect(begun.status).toBe((await announce(who, nothing)).status);
    expect(begun.status).toBe(who === guest ? 403 : 201);
    await server.rows(`DELETE FROM uploads`);
  };

  it('[SY110] are fetched by who sees a fact that names them, and by nobody else', async () => {
    const { bytes } = await given();
    const hash = sha256(bytes);
    for (const who of [owner, colleague, guest, boss]) {
      const { status, body } = await who.request('GET', `/v1/blobs/${hash}`);
      expect([status, Buffer.compare(body as Buffer, bytes)]).toEqual([200, 0]);
      expect((await who.request('HEAD', `/v1/blobs/${hash}`)).headers.get('content-length')).toBe('100');
      expect((await who.request('GET', `/v1/blobs/${hash}/receipt`)).body).toMatchObject({ size: 100 });
    }
    await expectMissing(far, hash);
    await expectMissing(rival, hash);
    expect(codeOf(await announce(colleague, hash))).toEqual([409, 'blob.known']);
  });

  it('[SY110] are found in fields and types that this version does not know', async () => {
    const bytes = randomBytes(100);
    await put(owner, bytes);
    expect(await fetched(colleague, sha256(bytes))).toBe(404);
    const data = { pages: [{ scan: { of: { sha256: sha256(bytes), size: 100 } } }] };
    await accepted(owner, owner.event({ stream: 'album/1', type: 'album.begun', v: 7, data }));
    expect(await fetched(colleague, sha256(bytes))).toBe(200);
    expect(await fetched(far, sha256(bytes))).toBe(404);
  });

  it('[SY110] come before their fact or after it', async () => {
    const [first, second] = [randomBytes(100), randomBytes(100)];
    const stream = ticket();
    await put(owner, first);
    await accepted(owner, attached(owner, stream, first), attached(owner, stream, second));
    expect(await fetched(colleague, sha256(second))).toBe(404);
    await put(owner, second);
    for (const bytes of [first, second]) expect(await fetched(colleague, sha256(bytes))).toBe(200);
  });

  it('[SY110] go along with a ticket that is shared, and leave with it', async () => {
    const { stream, bytes } = await given();
    const word = (type: string) => owner.event({ stream, type, data: { with: 'user/far' } });
    await accepted(owner, word('ticket.shared'));
    expect(await fetched(far, sha256(bytes))).toBe(200);
    const later = randomBytes(100);
    await given(stream, later);
    expect(await fetched(far, sha256(later))).toBe(200);
    await accepted(owner, word('ticket.unshared'));
    for (const one of [bytes, later]) await expectMissing(far, sha256(one));
    expect(await fetched(colleague, sha256(bytes))).toBe(200);
  });

  it('[SY110] are lost with the right to the region, and a guest of it brings his own back', async () => {
    const { bytes } = await given();
    const hash = sha256(bytes);
    const visitor = await newUser(server, {
      tenant: 'acme',
      id: 'visitor',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    const own = randomBytes(100);
    await put(visitor, own);
    expect((await visitor.request('GET', `/v1/blobs/${hash}/receipt`)).status).toBe(200);
    await boss.request('PATCH', '/v1/admin/users/visitor', { homeRegion: 'bj' });
    await expectMissing(visitor, hash);
    expect(await fetched(visitor, sha256(own))).toBe(200);
    // What he only knows the hash of he cannot open to himself.
    await accepted(visitor, attached(visitor, ticket(), bytes, 'region/bj'));
    await expectMissing(visitor, hash);
  });

  it('[SY111] are not opened by a fact that names a hash without the bytes', async () => {
    const { bytes } = await given();
    const hash = sha256(bytes);
    const stream = ticket();
    await accepted(far, attached(far, stream, bytes, 'region/bj'), attached(far, stream, bytes, 'user/far'));
    await expectMissing(far, hash);
    // Nor together with somebody who sees that one.
    const helper = await newUser(server, {
      tenant: 'acme',
      id: 'helper',
      roles: ['engineer'],
      homeRegion: 'bj',
    });
    await accepted(helper, attached(helper, stream, bytes, 'region/bj'));
    await expectMissing(helper, hash);
    // Nor before the bytes have come.
    const late = randomBytes(100);
    await accepted(far, attached(far, stream, late, 'region/bj'));
    await accepted(owner, attached(owner, ticket(), late));
    await put(owner, late);
    await expectMissing(far, sha256(late));
    // Who has the bytes shows so by sending them; they are kept once.
    expect((await put(far, bytes)).status).toBe(200);
    for (const who of [far, helper, owner]) expect(await fetched(who, hash)).toBe(200);
  });

  it('[SY111] that a colleague sees already he may name elsewhere', async () => {
    const { bytes } = await given();
    const both = await newUser(server, { tenant: 'acme', id: 'both', roles: ['engineer'], homeRegion: 'sz' });
    await boss.request('PATCH', '/v1/admin/users/both', { regions: ['bj'] });
    await accepted(both, attached(both, ticket(), bytes, 'region/bj'));
    expect(await fetched(far, sha256(bytes))).toBe(200);
    // Named while the owner's bytes were still on their way, and then told that they are here.
    const late = randomBytes(100);
    await accepted(owner, attached(owner, ticket(), late));
    await accepted(both, attached(both, ticket(), late, 'region/bj'));
    await put(owner, late);
    expect(await fetched(far, sha256(late))).toBe(404);
    expect((await both.request('GET', `/v1/blobs/${sha256(late)}/receipt`)).status).toBe(200);
    expect(await fetched(far, sha256(late))).toBe(200);
  });

  it('[SY111] are announced anew by who may not see them, and are here once', async () => {
    const { bytes } = await given();
    const path = await beginUpload(far, bytes);
    expect((await patch(far, path, 0, bytes)).status).toBe(204);
    expect((await far.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).body).toEqual({
      sha256: sha256(bytes),
      size: 100,
      durable: true,
    });
    expect(codeOf(await announce(far, sha256(bytes)))).toEqual([409, 'blob.known']);
    expect(await server.rows(`SELECT 1 FROM blobs WHERE sha256 = '${sha256(bytes)}'`)).toHaveLength(1);
  });

  it('[SY111] that a colleague carries count for who wrote about them', async () => {
    const bytes = randomBytes(100);
    const device = owner.login.deviceId;
    const events = [attached(owner, ticket(), bytes)];
    const hash = createHash('sha256').update(canonicalJson(events)).digest('hex');
    const signature = keys.owner.sign(`faultline-carried\n${device}\n${hash}`);
    const answer = await far.request('POST', '/v1/carried', { device, events, signature });
    expect(answer.body).toMatchObject({ verdicts: [{ verdict: 'accepted' }] });
    expect(await fetched(colleague, sha256(bytes))).toBe(404);
    await put(far, bytes);
    expect(await fetched(colleague, sha256(bytes))).toBe(200);
  });

  it('[SY110] are kept from a revoked device, also by their receipt', async () => {
    const { bytes } = await given();
    const stolen = await newUser(server, {
      tenant: 'acme',
      id: 'stolen',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    expect(await fetched(stolen, sha256(bytes))).toBe(200);
    await boss.request('POST', `/v1/admin/devices/${stolen.login.deviceId}/revoke`, { reason: 'stolen' });
    expect(codeOf(await stolen.request('GET', `/v1/blobs/${sha256(bytes)}`))).toEqual([
      403,
      'auth.deviceRevoked',
    ]);
    expect((await stolen.request('GET', `/v1/blobs/${sha256(bytes)}/receipt`)).status).toBe(404);
    // What it still has comes in, and it hears so.
    const own = randomBytes(100);
    expect((await put(stolen, own)).status).toBe(200);
    expect((await stolen.request('GET', `/v1/blobs/${sha256(own)}/receipt`)).status).toBe(200);
  });

  it('[SY112] are not taken from who may only read', async () => {
    const bytes = randomBytes(100);
    expect(codeOf(await put(guest, bytes))).toEqual([403, 'blob.noRight']);
    expect(codeOf(await announce(guest, sha256(bytes)))).toEqual([403, 'blob.noRight']);
    expect(isStored(sha256(bytes))).toBe(false);
  });

  it('[SY112] that no fact names are bounded for each user, and removed after a month', async () => {
    const hoarder = await newUser(server, {
      tenant: 'acme',
      id: 'hoarder',
      roles: ['engineer'],
      homeRegion: 'sz',
    });
    const stored = [randomBytes(100), randomBytes(100), randomBytes(100)];
    for (const bytes of stored) expect((await put(hoarder, bytes)).status).toBe(200);
    expect(codeOf(await put(hoarder, randomBytes(99_900)))).toEqual([429, 'upload.tooMany']);
    for (let n = 0; n < 3; n++) expect((await put(hoarder, randomBytes(100))).status).toBe(200);
    const full = await put(hoarder, randomBytes(100));
    expect([...codeOf(full), full.headers.get('retry-after')]).toEqual([429, 'upload.tooMany', '3600']);
    expect(codeOf(await announce(hoarder, sha256(randomBytes(8))))).toEqual([429, 'upload.tooMany']);
    // Whoever names them has room again, also with a fact that waits for the office.
    await accepted(hoarder, attached(hoarder, ticket(), stored[0]!));
    const { verdicts } = await hoarder.push([attached(hoarder, ticket(), stored[1]!, 'region/bj')]);
    expect(verdicts).toMatchObject([{ code: 'sync.noRight' }]);
    expect((await put(hoarder, randomBytes(100))).status).toBe(200);

    const kept = randomBytes(100);
    await put(owner, kept);
    await sweep();
    server.clock.ms += 29 * DAY;
    await sweep();
    for (const bytes of [...stored, kept]) expect(isStored(sha256(bytes))).toBe(true);
    // Who sends it once more means it.
    await put(owner, kept);
    server.clock.ms += 2 * DAY;
    await sweep();
    expect(stored.map((bytes) => isStored(sha256(bytes)))).toEqual([true, true, false]);
    expect(isStored(sha256(kept))).toBe(true);
    expect((await hoarder.request('GET', `/v1/blobs/${sha256(stored[2]!)}`)).status).toBe(404);
    expect((await put(hoarder, stored[2]!)).status).toBe(200);
  });

  it.each([
    ['by a receipt', 404, (hash: string) => owner.request('GET', `/v1/blobs/${hash}/receipt`)],
    ['instead of an upload', 201, (hash: string) => announce(owner, hash)],
  ])('[SY112] are not told to be here while they are removed, %s', async (_, missing, ask) => {
    const bytes = randomBytes(100);
    const hash = sha256(bytes);
    await put(owner, bytes);
    await sweep();
    server.clock.ms += 31 * DAY;
    const { size } = ContentFiles.prototype;
    // The hour comes when the bytes were seen, and before it is told.
    const seen = vi.spyOn(ContentFiles.prototype, 'size').mockImplementationOnce(async function (
      this: ContentFiles,
      ...name
    ) {
      const found = await size.apply(this, name);
      await sweep();
      return found;
    });
    const answer = await ask(hash);
    seen.mockRestore();
    expect([answer.status, isStored(hash)]).toEqual([missing, false]);
    await server.rows('DELETE FROM uploads');
  });

  it('[SY112] of a refused fact count once the office takes it in', async () => {
    const bytes = randomBytes(100);
    const event = attached(far, ticket(), bytes, 'region/sz');
    await far.push([event]);
    await put(far, bytes);
    expect(await fetched(colleague, sha256(bytes))).toBe(404);
    const ref = { device: far.login.deviceId, id: event.id, reason: 'was there' };
    expect((await boss.request('POST', '/v1/admin/refusals/accept', ref)).status).toBe(200);
    expect(await fetched(colleague, sha256(bytes))).toBe(200);
  });

  describe('of a record that is purged', () => {
    it('[SY113] go with it, unless another fact names them or somebody else has brought them', async () => {
      const [only, also, other, refused] = [0, 1, 2, 3].map(() => randomBytes(100)) as [
        Buffer,
        Buffer,
        Buffer,
        Buffer,
      ];
      const stream = ticket();
      for (const bytes of [only, also, other]) await given(stream, bytes);
      await given(ticket(), also);
      await put(colleague, other);
      await far.push([attached(far, stream, refused, 'region/sz')]);
      await put(far, refused);
      await purge(stream);
      const hashes = [only, also, other, refused].map(sha256);
      expect(hashes.map((hash) => isStored(hash))).toEqual([false, true, true, false]);
      await expectMissing(owner, sha256(only));
      await expectMissing(guest, sha256(other));
      expect(await fetched(colleague, sha256(also))).toBe(200);
      expect(await fetched(colleague, sha256(other))).toBe(200);
      const left = await server.rows(`SELECT sha256 FROM blob_references WHERE stream = '${stream}'`);
      expect(left).toEqual([]);
    });
  });

  /** What the server does each hour. */
  async function sweep(): Promise<void> {
    everyHour();
    await cleaning.mock.results.at(-1)?.value;
  }
  async function purge(stream: string): Promise<void> {
    const { databaseUrl } = server;
    const place = { data: server.folder, ...(databaseUrl === undefined ? {} : { databaseUrl }) };
    await operate(place, 'purge', { tenant: 'acme', stream });
  }
});
