import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '#server/db/database.ts';
import { foldEntity } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { FeedClient } from '#test/support/feed-client.ts';
import { SyncWorld, USERS, type User } from '#test/support/sync-world.ts';
import { openMemoryDatabase } from '#test/simulation/memory-database.ts';

const who = fc.constantFrom(...(Object.keys(USERS) as User[]));
/** Mostly those who may. */
const writer = fc.constantFrom<User>('li', 'li', 'min', 'min', 'zhao');
const stream = fc.constantFrom('ticket/a', 'ticket/a', 'ticket/b');
const target = fc.constantFrom('user/zhao', 'user/zhao', 'region/bj', 'user/min');
/** How far back the device's clock is set for this fact. */
const back = fc.constantFrom(0, 0, 0, 3, 10);
const unit = fc.constantFrom('unit/u1', 'unit/u2');
const asset = fc.constantFrom('x', 'y');
const OPENING = {
  number: 'SZ01-1',
  customerId: 'c',
  siteId: 's',
  assetId: 'x',
  contactName: '',
  contactPhone: '',
  channel: 'hotline',
  symptom: 'x',
  environment: '',
  occurredAt: '2026-01-01T00:00:00.000Z',
};
const SWAP = {
  ticketId: 'a',
  slotId: 'R1',
  kit: { kind: 'van', id: 'v' },
  good: { unitId: 'u1', partNumber: 'p', serial: '1', name: '' },
  faulty: { unitId: 'u2', partNumber: 'p', serial: '2', name: '' },
  rmaId: 'r',
  fault: '',
};
const fact = fc.oneof(
  fc.record({ type: fc.constant('ticket.noted'), stream, back, data: fc.constant({ text: 'x' }) }),
  fc.record({
    type: fc.constant('part.taken'),
    stream,
    back,
    data: fc.constant({ unitId: 'u1', ticketId: 'a' }),
  }),
  fc.record({
    type: fc.constant('part.taken'),
    stream: unit,
    back,
    data: fc.constantFrom('a', 'b').map((ticketId) => ({ unitId: 'u1', ticketId })),
  }),
  fc.record({ type: fc.constant('ticket.opened'), stream, back, data: fc.constant(OPENING) }),
  fc.record({
    type: fc.constant('ticket.edited'),
    stream,
    back,
    data: asset.map((value) => ({ field: 'assetId', value, basedOn: '' })),
  }),
  fc.record({
    type: fc.constant('part.swapped'),
    stream,
    back,
    data: asset.map((assetId) => ({ ...SWAP, assetId })),
  }),
  fc.record({
    type: fc.constant('asset.registered'),
    stream: asset.map((id) => `asset/${id}`),
    back,
    data: fc.constant({ siteId: 's', name: 'A', kind: '', model: '', serial: '', slots: [] }),
  }),
  fc.record({
    type: fc.constant('customer.registered'),
    stream: fc.constant('customer/c'),
    back,
    data: fc.constant({ name: 'C' }),
  }),
  fc.record({
    type: fc.constantFrom('ticket.shared', 'ticket.unshared'),
    stream,
    back,
    data: target.map((scope) => ({ with: scope })),
  }),
);
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push'),
      who: writer,
      facts: fc.array(fact, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pull'), who, page: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('startOver'), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('purge'),
      stream: fc.oneof(stream, fc.constantFrom('asset/x', 'unit/u1')),
    }),
  },
);

let database: Database;
let folder: string;
const aWorld = async (): Promise<SyncWorld> => {
  const world = new SyncWorld(database, folder);
  await world.open();
  return world;
};
beforeAll(async () => {
  database = await openMemoryDatabase();
  folder = await mkdtemp(join(tmpdir(), 'faultline-sharing-'));
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

it('[SY61] leaves every laptop with exactly the facts that are visible, whatever the order of shares, facts and pulls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30 }), async (acts) => {
      const world = await aWorld();
      for (const step of acts) {
        if (step.do === 'push') {
          const { facts, who: user } = step as {
            facts: { type: string; stream: string; data: Record<string, unknown>; back: number }[];
            who: User;
          };
          const live = facts.filter(({ stream: name }) => !world.purged.has(name));
          await world.push(
            user,
            live.map((one) => world.event(user, one.type, one.stream, one.data, one.back)),
          );
        } else if (step.do === 'pull') {
          const { who: user, page } = step as { who: User; page: number };
          await world.pull(user, page);
        } else if (step.do === 'startOver') world.clients.set((step as { who: User }).who, new FeedClient());
        else await world.purge((step as { stream: string }).stream);
      }
      const truth = await world.truth();
      for (const [user, client] of world.clients) {
        while (await world.pull(user, 7));
        expect(client.faults).toEqual([]);
        for (const scope of ['org', `region/${USERS[user]}`, `user/${user}`])
          expect(client.held(scope)).toEqual(
            truth
              .get(scope)!
              .map(({ id }) => id)
              .toSorted(),
          );
      }
      await expectRows(world, truth);
    }),
    { numRuns: 100 },
  );
}, 120_000);

/** Each scope has a row for each entity that its facts touch, and it is their fold. */
async function expectRows(world: SyncWorld, truth: Map<string, DomainEvent[]>): Promise<void> {
  const rows = await database.query<{ scope: string; key: string; state: string }>(
    'SELECT scope, key, state FROM rows WHERE tenant = $1 ORDER BY scope, key',
    [world.tenant],
  );
  const expected = [...truth].flatMap(([scope, events]) => {
    const keys = new Set(events.flatMap((event) => touches(event)));
    return [...keys].map((key) => {
      const facts = events.filter((event) => touches(event).includes(key));
      return { scope, key, state: canonicalJson(foldEntity(key, facts)?.state ?? {}) };
    });
  });
  const order = (a: { scope: string; key: string }, b: { scope: string; key: string }) =>
    `${a.scope} ${a.key}` < `${b.scope} ${b.key}` ? -1 : 1;
  expect(
    rows.map((row) => ({ ...row, state: canonicalJson(JSON.parse(row.state)) })).toSorted(order),
  ).toEqual(expected.toSorted(order));
}

it('[SY60] lets the one it is shared with work on the ticket in its home scope, as long as it is shared', async () => {
  const world = await aWorld();
  const note = () => world.event('zhao', 'ticket.noted', 'ticket/a', { text: 'x' }, 0);
  const codes = async (user: User, event: DomainEvent) => (await world.push(user, [event]))[0]?.code;
  expect(await codes('zhao', note())).toBe('sync.noRight');
  expect(
    await codes('li', world.event('li', 'ticket.shared', 'ticket/a', { with: 'user/zhao' }, 0)),
  ).toBeUndefined();
  expect(await codes('zhao', note())).toBeUndefined();
  // Sharing on is for those who work in the home scope.
  expect(await codes('zhao', world.event('zhao', 'ticket.shared', 'ticket/a', { with: 'user/wu' }, 0))).toBe(
    'sync.noRight',
  );
  expect(await codes('wu', world.event('wu', 'ticket.noted', 'ticket/a', { text: 'x' }, 0))).toBe(
    'sync.noRight',
  );
  expect(
    await codes('li', world.event('li', 'ticket.unshared', 'ticket/a', { with: 'user/zhao' }, 0)),
  ).toBeUndefined();
  expect(await codes('zhao', note())).toBe('sync.noRight');
});

it('[SY60] opens nothing of another scope to who writes into a stream of the same name', async () => {
  const world = await aWorld();
  await world.push('li', [world.event('li', 'ticket.noted', 'ticket/a', { text: 'secret' }, 0)]);
  const own = {
    ...world.event('wu', 'ticket.shared', 'ticket/a', { with: 'user/wu' }, 0),
    scope: 'region/bj',
  };
  expect((await world.push('wu', [own]))[0]?.verdict).toBe('accepted');
  await world.pull('wu', 100);
  expect(world.clients.get('wu')!.held('user/wu')).toEqual([own.id]);
});

it('[SY60] keeps a share with a scope that does not exist, with an exception', async () => {
  const world = await aWorld();
  const event = world.event('li', 'ticket.shared', 'ticket/a', { with: 'user/nobody' }, 0);
  expect((await world.push('li', [event]))[0]).toMatchObject({
    verdict: 'acceptedWithException',
    code: 'sync.unknownTarget',
  });
});

it('[SY61] has nothing in the bootstrap of a stream that is shared no more, nor gives out old segments of it', async () => {
  const world = await aWorld();
  const says = (type: string, data: Record<string, unknown>) =>
    world.push('li', [world.event('li', type, 'ticket/a', data, 0)]);
  await says('ticket.noted', { text: 'secret' });
  await says('ticket.shared', { with: 'user/zhao' });
  const { account } = world.session('zhao');
  const before = await world.bootstrap.manifest(account, 'e', 'user/zhao');
  expect((await world.manifestRows('zhao')).map(({ key, scope }) => [scope, key])).toEqual([
    ['user/zhao', 'ticket/a'],
  ]);
  await says('ticket.unshared', { with: 'user/zhao' });
  expect(await world.manifestRows('zhao')).toEqual([]);
  expect(await world.bootstrap.segment(account, before.segments[0]!.sha256)).toBeUndefined();
  expect((await world.manifestRows('li')).map(({ key }) => key)).toEqual(['ticket/a']);
});

it('[SY62] purges a stream: bodies, rows and segments go; numbers, ids and verdicts stay', async () => {
  const world = await aWorld();
  const taken = world.event('li', 'part.taken', 'ticket/a', { unitId: 'u1', ticketId: 'a' }, 0);
  const shared = world.event('li', 'ticket.shared', 'ticket/a', { with: 'user/zhao' }, 0);
  const other = world.event('li', 'ticket.noted', 'ticket/b', { text: 'stays' }, 0);
  await world.push('li', [taken, shared, other]);
  for (const user of ['li', 'zhao'] as const) await world.pull(user, 100);
  const before = await world.bootstrap.manifest(world.session('li').account, 'e');

  const purged = await world.purge('ticket/a');
  expect(purged).toEqual({ events: 2, scopes: ['region/sz', 'user/zhao'] });
  expect(
    await database.query(`SELECT body FROM events WHERE tenant = $1 AND id = $2`, [world.tenant, taken.id]),
  ).toEqual([{ body: '' }]);
  expect((await world.manifestRows('li')).map(({ key }) => key)).toEqual(['ticket/b']);
  for (const { sha256 } of before.segments)
    expect(await world.bootstrap.segment(world.session('li').account, sha256)).toBeUndefined();
  expect(await world.push('li', [taken])).toEqual([{ id: taken.id, verdict: 'accepted' }]);

  // Who had it hears of it, and who starts over gets the same count without the bodies.
  const newcomer = new FeedClient();
  await world.pull('zhao', 100);
  expect(world.clients.get('zhao')!.held('user/zhao')).toEqual([]);
  await world.pull('li', 100);
  expect(world.clients.get('li')!.held('region/sz')).toEqual([other.id]);
  world.clients.set('li', newcomer);
  await world.pull('li', 100);
  expect([newcomer.held('region/sz'), newcomer.faults]).toEqual([[other.id], []]);
  const log = await database.query('SELECT actor, act, subject FROM audit_log WHERE tenant = $1', [
    world.tenant,
  ]);
  expect(log).toEqual([{ actor: 'admin', act: 'stream.purged', subject: 'ticket/a' }]);
});
