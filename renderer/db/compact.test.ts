import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { EventBuilder, opening } from '#test/support/event-builder.ts';
import { rowsOf } from '#test/support/scripted-feeds.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { COMPACTION, isWorthALook, type CompactionLimits } from './compact.ts';
import { openDatabase } from './database.ts';
import { Store } from './store.ts';

const SZ = 'region/sz';
const DAY_MS = 24 * 3_600_000;
const ALWAYS: CompactionLimits = {
  rows: 1,
  oldMs: Infinity,
  pageRows: 3,
  keepFactsMs: Infinity,
  lookEveryMs: 0,
};
const ALL = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 500 } as const;

let count = 0;
/** Pages of segments are packed at 0. */
let now = DAY_MS;
const open: Store[] = [];
function aStore(name = `compact-${++count}`, compaction = ALWAYS): Store {
  const store = new Store(name, () => now, { compaction, key: new Uint8Array(32).fill(5) });
  open.push(store);
  return store;
}
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  now = DAY_MS;
});

let n = 0;
const pull = (events: readonly DomainEvent[]): PullLine[] => [
  { k: 'head', epoch: 'e1', serverTime: '', scopes: [SZ], lost: [] },
  ...events.map((event): PullLine => ({ k: 'event', scope: SZ, n: ++n, event })),
  { k: 'end', cursors: { [SZ]: n }, more: false },
];

const purge = (facts: readonly DomainEvent[]): PullLine[] => [
  { k: 'head', epoch: 'e1', serverTime: '', scopes: [SZ], lost: [] },
  ...facts.map(({ id, stream }): PullLine => ({ k: 'deleted', scope: SZ, n: ++n, id, stream })),
  { k: 'end', cursors: { [SZ]: n }, more: false },
];

async function shows(store: Store, facts: readonly DomainEvent[]): Promise<void> {
  const rows = rowsOf(facts);
  for (const { key, state } of rows) expect((await store.row(key))?.state, key).toEqual(state);
  expect((await store.list(ALL)).total).toBe(rows.filter(({ key }) => key.startsWith('ticket/')).length);
}

describe('compaction', () => {
  it('[ST29] reads all facts when many rows lie over the pages, when there are many more, or after a while', () => {
    const { rows, lookEveryMs } = COMPACTION;
    const last = { atMs: DAY_MS, rows: 0 };
    const worth = (atMs: number, size: number, before = last): boolean =>
      isWorthALook({ atMs, rows: size }, before, COMPACTION);
    expect(worth(DAY_MS, rows - 1)).toBe(false);
    expect(worth(DAY_MS, rows)).toBe(true);
    expect(worth(DAY_MS, rows + 1, { atMs: DAY_MS, rows })).toBe(false);
    expect(worth(DAY_MS, rows * 2, { atMs: DAY_MS, rows })).toBe(true);
    expect(worth(DAY_MS + lookEveryMs, 0)).toBe(true);
  });

  it('[ST20] moves what is confirmed into pages, and leaves what waits over them', async () => {
    const store = aStore();
    const ticket = aTicket().graded('P2');
    const known = [...ticket.events];
    const other = new EventBuilder('SZ04').make('ticket/t2', 'ticket.opened', opening({ number: 'two' }));
    await store.applyPull(pull([...known, other]));
    const waiting = ticket.assigned().events.slice(known.length);
    await store.applyLocal(waiting);
    expect(await store.compact()).toBe(1);
    await shows(store, [...known, other, ...waiting]);
    await store.applyPull(pull(waiting));
    expect(await store.compact()).toBe(1);
    await shows(store, [...known, other, ...waiting]);
  });

  it('[ST5] a fact that is refused leaves the fold over a packed row', async () => {
    const store = aStore();
    const ticket = aTicket().graded('P2');
    const known = [...ticket.events];
    await store.applyPull(pull(known));
    await store.compact();
    const waiting = ticket.assigned().events.slice(known.length);
    await store.applyLocal(waiting);
    await store.applyRefusals(waiting.map(({ id }) => id));
    await shows(store, known);
    expect(await store.incomplete()).toEqual([]);
    await store.applyPull(pull(waiting));
    await shows(store, ticket.events);
  });

  it('[ST24] a refused fact that the office took in after all folds in like a new one', async () => {
    const store = aStore();
    const ticket = aTicket().graded('P2');
    await store.applyLocal(ticket.events);
    await store.applyRefusals([ticket.events[1]!.id]);
    await shows(store, [ticket.events[0]!]);
    await store.applyPull(pull(ticket.events));
    await shows(store, ticket.events);
    expect((await store.eventsOf('ticket/t1')).map(({ standing }) => standing)).toEqual([
      'confirmed',
      'confirmed',
    ]);
  });

  it('[ST21] drops the facts of what was packed long ago; a late fact makes the row incomplete then', async () => {
    const name = `compact-${++count}`;
    const store = aStore(name, { ...ALWAYS, keepFactsMs: 30 * DAY_MS });
    const { events } = aTicket().graded('P2').assigned();
    const late = [events[1]!];
    const early = [events[0]!, events[2]!];
    await store.applyPull(pull(early));
    await store.compact();
    expect(await store.eventsOf('ticket/t1')).toHaveLength(2);
    now = 32 * DAY_MS;
    await store.compact();
    expect(await store.eventsOf('ticket/t1')).toEqual([]);
    await shows(store, early);
    await store.close();
    const again = aStore(name);
    await shows(again, early);
    await again.applyPull(pull(late));
    expect(await again.incomplete()).toEqual(['ticket/t1']);
  });

  it('[ST20] packs anew the pages of which little stands, and drops them', async () => {
    const name = `compact-${++count}`;
    const store = aStore(name, { ...ALWAYS, pageRows: 8 });
    const builder = new EventBuilder('SZ04');
    const opened = Array.from({ length: 8 }, (_, at) =>
      builder.make(`ticket/${at}`, 'ticket.opened', opening({ number: `n${at}` })),
    );
    await store.applyPull(pull(opened));
    await store.compact();
    const graded = opened
      .slice(0, 7)
      .map(({ stream }) =>
        builder.make(stream, 'ticket.graded', { impact: 'high', urgency: 'high', grade: 'P1' }),
      );
    await store.applyPull(pull(graded));
    await store.compact();
    expect((await store.position()).pages[SZ]).toHaveLength(1);
    await shows(store, [...opened, ...graded]);
    const database = openDatabase(name);
    expect(await database.pages.count()).toBe(1);
    expect(await database.overlay.count()).toBe(0);
    database.close();
  });

  it('[ST20] a page that is written anew, since a record in it is purged, stays behind the pages packed after it', async () => {
    const name = `compact-${++count}`;
    const store = aStore(name);
    const builder = new EventBuilder('SZ04');
    const [kept, also, purged] = ['ticket/1', 'ticket/2', 'ticket/3'].map((stream) =>
      builder.make(stream, 'ticket.opened', opening({ number: stream })),
    ) as [DomainEvent, DomainEvent, DomainEvent];
    await store.applyPull(pull([kept, also, purged]));
    await store.compact();
    const later = builder.make('ticket/1', 'ticket.assigned', { to: 'p2', tier: 'L1' });
    await store.applyPull(pull([later]));
    await store.compact();
    await store.applyPull(purge([purged]));
    await shows(store, [kept, also, later]);
    await store.close();
    await shows(aStore(name), [kept, also, later]);
  });

  it('[ST20] at any moment, with writes in between and restarts, leaves every row and list the same', async () => {
    const acts = fc.array(
      fc.record({
        do: fc.constantFrom(
          'pull',
          'pull',
          'local',
          'confirm',
          'refuse',
          'compact',
          'compactBeside',
          'purge',
          'restart',
        ),
        ticket: fc.nat(4),
        isLate: fc.boolean(),
      }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(acts, async (script) => {
        n = 0;
        const name = `compact-${++count}`;
        let store = aStore(name);
        const builder = new EventBuilder('SZ04');
        let late: DomainEvent[] = [];
        let confirmed: DomainEvent[] = [];
        let waiting: DomainEvent[] = [];
        /** How often the ticket of this number was purged: the next is another one. */
        const purges = new Map<number, number>();
        const beside: Promise<unknown>[] = [];
        const opened = new Set<string>();
        for (const { do: what, ticket, isLate } of script) {
          const stream = `ticket/${ticket}-${purges.get(ticket) ?? 0}`;
          if (what === 'pull' || what === 'local') {
            const isNew = !opened.has(stream);
            opened.add(stream);
            const made = isNew
              ? builder.make(stream, 'ticket.opened', opening({ number: stream }))
              : builder.make(stream, 'ticket.assigned', { to: `p${confirmed.length}`, tier: 'L1' });
            if (what === 'local' && !isNew) {
              waiting.push(made);
              await store.applyLocal([made]);
            } else if (isLate && !isNew) late.push(made);
            else {
              confirmed.push(made);
              await store.applyPull(pull([made]));
            }
          } else if (what === 'confirm' && (isLate ? late : waiting).length > 0) {
            const [event] = (isLate ? late : waiting).splice(0, 1);
            confirmed.push(event!);
            await store.applyPull(pull([event!]));
          } else if (what === 'refuse' && waiting.length > 0) {
            const [event] = waiting.splice(0, 1);
            await store.applyRefusals([event!.id]);
          } else if (what === 'purge' && opened.has(stream)) {
            const isOther = (event: DomainEvent): boolean => event.stream !== stream;
            const facts = confirmed.filter((event) => event.stream === stream);
            late = late.filter(isOther);
            confirmed = confirmed.filter(isOther);
            waiting = waiting.filter(isOther);
            purges.set(ticket, (purges.get(ticket) ?? 0) + 1);
            await store.applyPull(purge(facts));
          } else if (what === 'compact') await store.compact();
          else if (what === 'compactBeside') beside.push(store.compact());
          else if (what === 'restart') {
            await Promise.all(beside.splice(0));
            await store.close();
            store = aStore(name);
          }
        }
        await Promise.all(beside);
        expect(await store.incomplete()).toEqual([]);
        await shows(store, [...confirmed, ...waiting]);
        await store.close();
        await shows(aStore(name), [...confirmed, ...waiting]);
      }),
      { numRuns: 60 },
    );
  });

  it('[ST22] lets lists go on while thousands of rows are packed', async () => {
    const store = aStore(undefined, { ...ALWAYS, pageRows: 2_000 });
    const builder = new EventBuilder('SZ04');
    const events = Array.from({ length: 1_500 }, (_, at) =>
      builder.make(`ticket/${at}`, 'ticket.opened', opening({ number: `n${at}` })),
    );
    await store.applyPull(pull(events));
    let isPacking = true;
    const packing = store.compact().finally(() => (isPacking = false));
    let listed = 0;
    while (isPacking) {
      expect((await store.list(ALL)).total).toBe(1_500);
      listed++;
    }
    expect(await packing).toBe(1_500);
    // One list at least between any two slices.
    expect(listed).toBeGreaterThan(10);
  });
});
