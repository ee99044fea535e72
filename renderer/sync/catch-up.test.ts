import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSwap, EventBuilder, opening } from '#test/support/event-builder.ts';
import type { ScriptedFeeds } from '#test/support/scripted-feeds.ts';
import { aLaptop, ALL, aServer, GZ, isTrue, ME, SZ } from '#test/support/scripted-laptop.ts';
import { aTicket } from '#test/support/ticket-builder.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';

let count = 0;

describe('checksums', () => {
  it('[ST13] an event that got lost on its way is found by the checksum, and the scope alone is fetched anew', async () => {
    const server = aServer(SZ, GZ);
    const laptop = aLaptop(server);
    await laptop.sync();
    const { events } = aTicket().graded('P2').assigned();
    server.deliver(SZ, ...events);
    server.tamper = (lines) => lines.filter((line) => line.k !== 'event' || line.n !== 2);
    await laptop.sync();
    expect(server.repairs).toEqual([{ scope: SZ, expected: expect.any(String), found: expect.any(String) }]);
    expect(server.asked).toContain(`bootstrap ${SZ}`);
    expect(server.asked).not.toContain(`bootstrap ${GZ}`);
    await isTrue(laptop, server);
  });

  it('[ST13] a repair that does not help is not tried over and over', async () => {
    const server = aServer(SZ);
    const laptop = aLaptop(server);
    await laptop.sync();
    server.deliver(SZ, ...aTicket().events);
    server.tamper = (lines) =>
      lines.map((line) => (line.k === 'checksum' ? { ...line, hash: 'ffffffffffffffff' } : line));
    const repairsAfter: number[] = [];
    for (let turn = 0; turn < 16; turn++) {
      await laptop.sync();
      repairsAfter.push(server.repairs.length);
    }
    expect(repairsAfter[0]).toBe(1);
    expect(repairsAfter.at(-1)).toBeLessThan(7);
    await isTrue(laptop, server);
  });

  it('[ST13] entries that come again, and a server that begins again at 1, are counted once', async () => {
    const server = aServer(SZ);
    const laptop = aLaptop(server);
    server.deliver(SZ, ...aTicket().graded('P2').events);
    await laptop.sync();
    await laptop.store.applyPull({ lines: server.pull('e1', {}) });
    expect((await laptop.store.position({})).checksums[SZ]).toEqual(server.checksum(SZ));
    expect((await laptop.store.applyPull({ lines: server.pull('e1', {}) })).mismatched).toEqual([]);
  });
});

describe('a bootstrap', () => {
  function aFullServer(): ScriptedFeeds {
    const server = aServer('org', SZ, GZ);
    for (const [scope, prefix] of [
      [SZ, 's'],
      [GZ, 'g'],
    ] as const) {
      const builder = new EventBuilder(prefix, scope);
      for (let n = 0; n < 9; n++)
        server.deliver(
          scope,
          builder.make(`ticket/${prefix}${n}`, 'ticket.opened', opening({ number: `${prefix}${n}` })),
        );
    }
    return server;
  }

  it('[ST18] brings the home scope first, is not complete before all are here, and goes on where it was cut', async () => {
    const server = aFullServer();
    server.failsAtSegment = 4;
    const laptop = aLaptop(server);
    await laptop.sync();
    const half = await laptop.store.position({});
    expect(half.isBootstrapped).toBe(false);
    expect(Object.keys(half.cursors)).toEqual([SZ, 'org']);
    expect((await laptop.store.list(ALL)).total).toBe(9);
    expect(server.asked).not.toContain('pull');
    expect(laptop.progress).toContainEqual({
      done: 2,
      total: 6,
      doneBytes: expect.any(Number),
      totalBytes: expect.any(Number),
    });
    const sizes = server.manifest().segments.map(({ bytes }) => bytes);
    expect(server.lefts[0]).toBe(sizes.reduce((sum, bytes) => sum + bytes, 0));
    const leftWhenCut = server.lefts.at(-1);
    expect(leftWhenCut).toBeLessThan(server.lefts[0]!);
    server.failsAtSegment = Infinity;
    server.asked.length = 0;
    server.lefts.length = 0;
    await laptop.sync();
    expect(server.asked.filter((asked) => asked === 'segment')).toHaveLength(2);
    // The transfer tells of what is still to come, not of what is here.
    expect(server.lefts).toEqual([leftWhenCut, expect.any(Number)]);
    expect((await laptop.store.position({})).isBootstrapped).toBe(true);
    await isTrue(laptop, server);
  });

  it('[ST18] under another epoch takes every scope anew and leaves none of the old', async () => {
    const server = aFullServer();
    const laptop = aLaptop(server);
    await laptop.sync();
    server.epoch = 'e2';
    server.visible.delete(GZ);
    server.entries.set(SZ, server.entries.get(SZ)!.slice(0, 5));
    await laptop.sync();
    expect(await laptop.store.position({})).toMatchObject({
      epoch: 'e2',
      isBootstrapped: true,
      cursors: { [SZ]: 5 },
    });
    await isTrue(laptop, server);
  });

  it('[ST11] a damaged page makes its scope be fetched anew, and nothing else', async () => {
    const server = aFullServer();
    const name = `damaged-${++count}`;
    const first = aLaptop(server, { name, options: { key: new Uint8Array(32).fill(7) } });
    await first.sync();
    const waiting = new EventBuilder('SZ09').make(
      'ticket/mine',
      'ticket.opened',
      opening({ number: 'mine' }),
    );
    await first.store.applyLocal({ events: [waiting] });
    const { pages } = await first.store.position({});
    const { openDatabase } = await import('../db/database.ts');
    const database = openDatabase(name);
    const [page] = pages[GZ]!;
    const record = (await database.pages.get(page!))!;
    record.head[40]! ^= 1;
    await database.pages.put(record);
    database.close();
    server.asked.length = 0;
    const second = aLaptop(server, { name, options: { key: new Uint8Array(32).fill(7) } });
    expect((await second.store.position({})).damaged).toEqual([GZ]);
    await second.sync();
    expect(server.asked.filter((asked) => asked.startsWith('bootstrap'))).toEqual([`bootstrap ${GZ}`]);
    expect((await second.store.position({})).damaged).toEqual([]);
    await isTrue(second, server, [waiting]);
  });
});

describe('whatever happens', () => {
  it('[ST2][ST16][ST20] every row is the fold of what the server gives and of what waits here', async () => {
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('fact'), scope: fc.nat(2), ticket: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('local'), scope: fc.nat(1), ticket: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('sync'), scope: fc.nat(0), ticket: fc.nat(0) }) },
      { arbitrary: fc.record({ do: fc.constant('share'), scope: fc.nat(2), ticket: fc.nat(3) }), weight: 2 },
      { arbitrary: fc.record({ do: fc.constant('leave'), scope: fc.nat(2), ticket: fc.nat(3) }), weight: 1 },
      { arbitrary: fc.record({ do: fc.constant('purge'), scope: fc.nat(0), ticket: fc.nat(3) }), weight: 1 },
      { arbitrary: fc.record({ do: fc.constant('swap'), scope: fc.nat(2), ticket: fc.nat(3) }), weight: 1 },
      { arbitrary: fc.record({ do: fc.constant('lose'), scope: fc.nat(2), ticket: fc.nat(0) }), weight: 1 },
      { arbitrary: fc.record({ do: fc.constant('gain'), scope: fc.nat(2), ticket: fc.nat(0) }), weight: 1 },
      {
        arbitrary: fc.record({ do: fc.constant('restart'), scope: fc.nat(0), ticket: fc.nat(0) }),
        weight: 1,
      },
    );
    const scopes = [SZ, GZ, ME];
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), fc.boolean(), async (acts, isKeyed) => {
        const server = aServer(...scopes);
        const compaction = { rows: 1, oldMs: Infinity, pageRows: 2, keepFactsMs: -1, lookEveryMs: 0 };
        const options = { compaction, ...(isKeyed ? { key: new Uint8Array(32).fill(3) } : {}) };
        const name = `whatever-${++count}`;
        const waiting: DomainEvent[] = [];
        let laptop = aLaptop(server, { name, options, journal: waiting });
        const builder = new EventBuilder('SZ01');
        const opened = new Set<string>();
        const purged = new Set<string>();
        const next = (stream: string, scope: string): DomainEvent => {
          const isNew = !opened.has(stream);
          opened.add(stream);
          const made = isNew
            ? builder.make(stream, 'ticket.opened', opening({ number: stream }))
            : builder.make(stream, 'ticket.assigned', { to: `p${opened.size}${waiting.length}`, tier: 'L1' });
          return { ...made, scope };
        };
        for (const { do: what, scope: number, ticket } of acts) {
          const scope = scopes[number]!;
          const stream = `ticket/${ticket}`;
          if (what === 'fact' || what === 'swap') {
            const event = what === 'fact' ? next(stream, scope) : { ...aSwap(builder, stream), scope };
            const givers = scopes.filter((one) => server.factsIn(one).some((fact) => fact.stream === stream));
            for (const giver of new Set([scope, ...givers])) server.deliver(giver, event);
          } else if (what === 'local' && opened.has(stream) && server.visible.has(scope)) {
            // What waits for a purged ticket is not shown.
            if (purged.has(stream)) continue;
            const isShown = server.visibleFacts().some((fact) => fact.stream === stream);
            if (!isShown) continue;
            const event = next(stream, scope);
            waiting.push(event);
            await laptop.store.applyLocal({ events: [event] });
          } else if (what === 'share') {
            const all = scopes.flatMap((one) => server.factsIn(one)).filter((fact) => fact.stream === stream);
            const unique = [...new Map(all.map((fact) => [fact.id, fact])).values()];
            if (!server.factsIn(scope).some((fact) => fact.stream === stream))
              server.deliver(scope, ...unique);
          } else if (what === 'leave' && server.factsIn(scope).some((fact) => fact.stream === stream))
            server.leave(scope, stream);
          else if (what === 'purge') {
            server.purge(stream);
            purged.add(stream);
          } else if (what === 'lose') {
            // A scope that never came here cannot be told as lost: what waits for it is shown if another one gives the ticket.
            const isHere = (await laptop.store.position({})).cursors[scope] !== undefined;
            if (isHere || !waiting.some((event) => event.scope === scope)) server.visible.delete(scope);
          } else if (what === 'gain') server.visible.add(scope);
          else if (what === 'restart') laptop = aLaptop(server, { name, options, journal: waiting });
          else if (what === 'sync') await laptop.sync();
        }
        await laptop.sync();
        const given = new Set(server.visibleFacts().map(({ stream }) => stream));
        const shown = waiting.filter(
          ({ scope, stream }) => server.visible.has(scope) && given.has(stream) && !purged.has(stream),
        );
        await isTrue(laptop, server, shown);
      }),
      { numRuns: 60 },
    );
  });
});
