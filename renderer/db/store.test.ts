import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import { foldEntity, type FoldedRow } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { Store } from './store.ts';
import type { ListQuery } from './list-query.ts';

let count = 0;
const open: Store[] = [];
function aStore(name = `store-${++count}`): Store {
  const store = new Store(name, () => Date.parse('2026-03-02T09:00:00Z'));
  open.push(store);
  return store;
}
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

const query = (patch: Partial<ListQuery> = {}): ListQuery => ({
  view: 'all',
  userId: 'li.wei',
  search: '',
  sort: 'urgency',
  offset: 0,
  limit: 50,
  ...patch,
});
const workOf = async (store: Store): Promise<string | undefined> =>
  ((await store.row('ticket/t1'))?.state as TicketState | undefined)?.work;

function pull(events: readonly DomainEvent[], cursor = events.length): PullLine[] {
  return [
    { k: 'head', epoch: 'e1', serverTime: '2026-03-02T09:00:00Z', scopes: ['region/sz'], lost: [] },
    ...events.map((event, index): PullLine => ({ k: 'event', scope: 'region/sz', n: index + 1, event })),
    { k: 'end', cursors: { 'region/sz': cursor }, more: false },
  ];
}

const delivered = (events: readonly DomainEvent[], scope = 'region/sz') =>
  events.map((event) => ({ event, scopes: new Set([scope]) }));

const PAGE = 'a'.repeat(64);
const CHECKSUM = { count: 10, hash: '00000000000000aa' };
const position = {
  epoch: 'e1',
  cursors: { 'region/sz': 10 },
  checksums: { 'region/sz': CHECKSUM },
  isBootstrapped: true,
  pages: { 'region/sz': [PAGE] },
  hidden: [],
  deleted: [],
  damaged: [],
};
/** A bootstrap with the one segment that these rows make. */
async function bootstrap(store: Store, rows: readonly FoldedRow[]): Promise<void> {
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  await store.stagePage({ scope: 'region/sz', sha256: PAGE, bytes: new Uint8Array(gzipSync(text)) });
  await store.adoptScope({
    epoch: 'e1',
    scope: 'region/sz',
    cursor: 10,
    checksum: CHECKSUM,
    pages: [PAGE],
    isLast: true,
  });
}

describe('taking in facts', () => {
  it('[ST1] counts each fact once, however often it is offered', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2').assigned();
    await store.applyLocal(events);
    await store.applyLocal(events);
    await store.applyPull(pull(events));
    expect(await store.eventsOf('ticket/t1')).toHaveLength(events.length);
    expect((await store.eventsOf('ticket/t1')).every(({ standing }) => standing === 'confirmed')).toBe(true);
  });

  it('[ST1] what the server told first stays confirmed when the journal tells it after new facts', async () => {
    const store = aStore();
    const { events, state } = aTicket().graded('P2').assigned().accepted();
    const [opened, graded, assigned, accepted] = events;
    await store.applyLocal([opened!]);
    await store.applyLocal([graded!]);
    await store.applyPull(pull([accepted!]));
    await store.applyLocal([assigned!, accepted!]);
    await store.applyLocal([accepted!]);
    expect((await store.eventsOf('ticket/t1')).map(({ standing }) => standing)).toEqual([
      'local',
      'local',
      'local',
      'confirmed',
    ]);
    expect((await store.row('ticket/t1'))?.state).toEqual(state);
    expect(await store.incomplete()).toEqual([]);
  });

  it('[ST1] takes in again what was taken away meanwhile, however soon', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2');
    await store.applyPull(pull([]));
    await store.applyLocal(events);
    const scopeLost: PullLine[] = [
      { k: 'head', epoch: 'e1', serverTime: '2026-03-02T09:00:00Z', scopes: [], lost: ['region/sz'] },
      { k: 'end', cursors: {}, more: false },
    ];
    await store.applyPull(scopeLost);
    expect(await store.eventsOf('ticket/t1')).toEqual([]);
    await store.applyPull(pull([], 0));
    await store.applyLocal(events);
    expect(await store.eventsOf('ticket/t1')).toHaveLength(events.length);
  });

  it('[ST2] leaves the same row in any order', async () => {
    const { events, state } = aTicket().graded('P2').assigned().accepted().diagnosing();
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.nat(events.length),
        async (shuffled, cut) => {
          const store = aStore();
          await store.applyLocal(shuffled.slice(0, cut));
          await store.applyPull(pull(shuffled.slice(cut)));
          expect((await store.row('ticket/t1'))?.state).toEqual(state);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('[ST3] moves the cursors with the facts, and takes nothing of a pull that was cut off', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2');
    await expect(store.applyPull(pull(events).slice(0, -1))).rejects.toThrow('without head or end');
    expect(await store.eventsOf('ticket/t1')).toEqual([]);
    await store.applyPull(pull(events));
    expect(await store.position()).toMatchObject({
      epoch: 'e1',
      cursors: { 'region/sz': events.length },
      isBootstrapped: false,
    });
  });

  it('[ST5] a refused fact leaves the fold and is kept', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2').assigned().accepted();
    await store.applyLocal(events);
    expect(await workOf(store)).toBe('accepted');
    await store.applyRefusals([events.at(-1)!.id]);
    expect(await workOf(store)).toBe('assigned');
    expect((await store.eventsOf('ticket/t1')).map(({ standing }) => standing)).toEqual([
      'local',
      'local',
      'local',
      'refused',
    ]);
    await store.applyLocal(events);
    expect(await workOf(store)).toBe('assigned');
  });

  it('says nothing of a pull that brought nothing: an empty word stands for a page that does not open', async () => {
    const store = aStore();
    await store.applyPull(pull([]));
    const told: ReadonlySet<string>[] = [];
    store.onDidChange((keys) => told.push(keys));
    await store.applyPull(pull([]));
    await store.applyLocal([]);
    expect(told).toEqual([]);
  });

  it('tells who listens which entities changed', async () => {
    const store = aStore();
    await store.load();
    const told: string[] = [];
    store.onDidChange((keys) => told.push(...keys));
    await store.applyLocal(aTicket().events);
    expect(told).toContain('ticket/t1');
  });
});

describe('a bootstrap', () => {
  it('[ST4] keeps what waits here on top of the new base', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2').assigned().accepted();
    await store.applyPull(pull(events.slice(0, 2)));
    await store.applyLocal(events.slice(2));
    await bootstrap(store, [foldEntity('ticket/t1', events.slice(0, 2))!]);
    expect(await workOf(store)).toBe('accepted');
    expect(await store.position()).toEqual(position);
  });

  it('[ST9] that is cut short changes nothing that is shown, and goes on where it was', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2');
    await store.applyLocal(events);
    await store.stagePage({ scope: 'region/sz', sha256: PAGE, bytes: new Uint8Array(gzipSync('')) });
    expect(await workOf(store)).toBe('graded');
    expect((await store.position()).isBootstrapped).toBe(false);
    expect(await store.missingPages([PAGE, 'b'.repeat(64)])).toEqual(['b'.repeat(64)]);
  });

  it('[ST5] keeps what was refused out of the fold and on record', async () => {
    const store = aStore();
    const { events } = aTicket().graded('P2').assigned();
    await store.applyLocal(events);
    await store.applyRefusals([events[2]!.id]);
    await bootstrap(store, [foldEntity('ticket/t1', events.slice(0, 2))!]);
    expect(await workOf(store)).toBe('graded');
    expect((await store.eventsOf('ticket/t1')).map(({ standing }) => standing)).toContain('refused');
  });

  it('[ST4] survives a restart: pages, overlay and position are read back', async () => {
    const name = 'restarted';
    const first = aStore(name);
    const { events, state } = aTicket().graded('P2').assigned();
    await bootstrap(first, [foldEntity('ticket/t1', events.slice(0, 2))!]);
    await first.applyLocal(events.slice(2));
    await first.close();
    const second = aStore(name);
    expect((await second.row('ticket/t1'))?.state).toEqual(state);
    expect((await second.list(query())).total).toBe(1);
  });

  it('[ST6] still names such a row after a restart, until its facts are here', async () => {
    const first = aStore('restarted-late');
    const { events, state } = aTicket().graded('P2').assigned().accepted();
    await bootstrap(first, [
      foldEntity(
        'ticket/t1',
        events.filter(({ type }) => type !== 'ticket.graded'),
      )!,
    ]);
    await first.applyPull(pull([events[1]!]));
    await first.close();
    const second = aStore('restarted-late');
    await second.load();
    expect(await second.incomplete()).toEqual(['ticket/t1']);
    await second.applyEntity('ticket/t1', delivered(events));
    await second.close();
    const third = aStore('restarted-late');
    await third.load();
    expect(await third.incomplete()).toEqual([]);
    expect((await third.row('ticket/t1'))?.state).toEqual(state);
  });

  it('[ST6] names a row that a late fact sorts into, and folds it anew from all facts', async () => {
    const store = aStore();
    const { events, state } = aTicket().graded('P2').assigned().accepted();
    const withoutGrading = events.filter(({ type }) => type !== 'ticket.graded');
    await bootstrap(store, [foldEntity('ticket/t1', withoutGrading)!]);
    await store.applyPull(pull([events[1]!]));
    expect(await store.incomplete()).toEqual(['ticket/t1']);
    await store.applyEntity('ticket/t1', delivered(events));
    expect(await store.incomplete()).toEqual([]);
    expect((await store.row('ticket/t1'))?.state).toEqual(state);
  });
});

describe('the list', () => {
  async function aFilledStore(): Promise<Store> {
    const store = aStore();
    const builder = new EventBuilder();
    const events: DomainEvent[] = [
      builder.make('customer/dongling', 'customer.registered', {
        name: '东岭电信',
        nameEn: 'Dongling Telecom',
      }),
    ];
    const add = (
      id: string,
      symptom: string,
      grade: 'P1' | 'P3' | undefined,
      assignee: string | undefined,
    ): void => {
      events.push(builder.make(`ticket/${id}`, 'ticket.opened', opening({ number: `SZ03-${id}`, symptom })));
      if (grade !== undefined) {
        const level = grade === 'P1' ? 'high' : 'medium';
        events.push(builder.make(`ticket/${id}`, 'ticket.graded', { impact: level, urgency: level, grade }));
      }
      if (assignee !== undefined)
        events.push(builder.make(`ticket/${id}`, 'ticket.assigned', { to: assignee, tier: 'L1' }));
    };
    add('1', '监控单元时间漂移', 'P3', 'li.wei');
    add('2', '整流模块通信中断', 'P1', 'li.wei');
    add('3', '空调高温', 'P3', 'zhou.jun');
    add('4', 'LVD question', undefined, undefined);
    await store.applyLocal(events);
    return store;
  }

  it('[ST8] begins with what burns', async () => {
    const answer = await (await aFilledStore()).list(query({ view: 'mine' }));
    expect(answer.items.map(({ number }) => number)).toEqual(['SZ03-2', 'SZ03-1']);
    expect(answer.counts).toMatchObject({ mine: 2, team: 4, unassigned: 1, done: 0, all: 4 });
  });

  it('[ST8] finds two Chinese characters, a customer in either language, and a number', async () => {
    const store = await aFilledStore();
    const found = async (search: string) =>
      (await store.list(query({ search }))).items.map(({ number }) => number);
    expect(await found('整流')).toEqual(['SZ03-2']);
    expect(await found('dongling')).toHaveLength(4);
    expect(await found('东岭 高温')).toEqual(['SZ03-3']);
    expect(await found('sz03-4')).toEqual(['SZ03-4']);
    expect(await found('没有')).toEqual([]);
  });

  it('[ST8] remembers its first page for the next start', async () => {
    const store = await aFilledStore();
    await store.list(query({ view: 'mine', limit: 1 }));
    expect((await store.firstPage())?.answer.items).toHaveLength(1);
  });
});
