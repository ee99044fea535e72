import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { aSwap, EventBuilder, opening } from '#test/support/event-builder.ts';
import { aLaptop, ALL, aServer, GZ, isTrue, ME, SZ } from '#test/support/scripted-laptop.ts';
import { aTicket } from '#test/support/ticket-builder.ts';

describe('deleted, left, lost', () => {
  it('[ST14] what left a scope goes, unless another scope gives it', async () => {
    const server = aServer(SZ, ME);
    const laptop = aLaptop(server);
    await laptop.sync();
    const shared = aTicket().graded('P2').events;
    const own = new EventBuilder('SZ04').make('ticket/own', 'ticket.opened', opening({ number: 'own' }));
    server.deliver(ME, ...shared);
    server.deliver(SZ, own);
    await laptop.sync();
    await isTrue(laptop, server);
    server.deliver(SZ, ...shared);
    server.leave(ME, 'ticket/t1');
    await laptop.sync();
    await isTrue(laptop, server);
    expect((await laptop.store.list(ALL)).total).toBe(2);
    server.leave(SZ, 'ticket/t1');
    await laptop.sync();
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeUndefined();
    expect(await laptop.store.eventsOf({ key: 'ticket/t1' })).toEqual([]);
    await isTrue(laptop, server);
  });

  it('[ST14] a shared ticket that came in a page leaves it, and comes back when it is shared again', async () => {
    const server = aServer(SZ, ME);
    const { events } = aTicket().graded('P2');
    server.deliver(ME, ...events);
    const laptop = aLaptop(server);
    await laptop.sync();
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeDefined();
    server.leave(ME, 'ticket/t1');
    await laptop.sync();
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeUndefined();
    expect((await laptop.store.list(ALL)).total).toBe(0);
    server.deliver(ME, ...events);
    await laptop.sync();
    await isTrue(laptop, server);
  });

  it('[ST15] what was deleted goes whatever scope gave it, with what waits here for it', async () => {
    const server = aServer(SZ, ME);
    const ticket = aTicket().graded('P2');
    const known = [...ticket.events];
    const waiting = ticket.assigned().events.slice(known.length);
    server.deliver(SZ, ...known);
    const laptop = aLaptop(server);
    await laptop.sync();
    server.deliver(ME, ...known);
    await laptop.sync();
    await laptop.store.applyLocal({ events: waiting });
    server.purge('ticket/t1');
    await laptop.sync();
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeUndefined();
    expect(await laptop.store.eventsOf({ key: 'ticket/t1' })).toEqual([]);
    // The journal keeps it, and offers it at the next start.
    await laptop.store.applyLocal({ events: waiting });
    expect(await laptop.store.row({ key: 'ticket/t1' })).toBeUndefined();
    await isTrue(laptop, server);
  });

  it('[ST15] what somebody adds to a purged ticket comes, though another scope tells of the purge after it', async () => {
    for (const pageSize of [2_000, 5]) {
      const server = aServer(GZ, ME);
      const ticket = aTicket().graded('P2');
      const known = [...ticket.events];
      const late = ticket.assigned().events.slice(known.length);
      const laptop = aLaptop(server);
      await laptop.sync();
      server.deliver(GZ, ...known);
      server.deliver(ME, ...known);
      await laptop.sync();
      server.purge('ticket/t1');
      server.deliver(GZ, ...late);
      server.pageSize = pageSize;
      await laptop.sync();
      expect((await laptop.store.eventsOf({ key: 'ticket/t1' })).map(({ event }) => event.id)).toEqual(
        late.map(({ id }) => id),
      );
      await isTrue(laptop, server);
    }
  });

  it('[ST15] what a purged ticket did to other records goes too, also where its facts were never here', async () => {
    const server = aServer(SZ);
    const builder = new EventBuilder('SZ04');
    server.deliver(
      SZ,
      builder.make('asset/dps-2', 'asset.registered', {
        siteId: 'shiqiao',
        name: '开关电源 2#',
        kind: 'switchingPower',
        model: 'PS48600',
        serial: 'PS-1',
        slots: [{ slotId: 'R2', label: 'R2', partNumber: 'R48-50A', unitId: 'R48-50A~F1' }],
      }),
      builder.make('ticket/t1', 'ticket.opened', opening({ assetId: 'dps-2' })),
      aSwap(builder, 'ticket/t1'),
    );
    const laptop = aLaptop(server);
    await laptop.sync();
    server.purge('ticket/t1');
    await laptop.sync();
    await isTrue(laptop, server);
  });

  it('[ST16] a lost scope goes with its cursor, pages and facts; regained, it is whole again with what waits', async () => {
    const server = aServer(SZ, GZ);
    const far = new EventBuilder('GZ01', GZ);
    const first = far.make('ticket/far', 'ticket.opened', opening({ number: 'far' }));
    const second = far.make('ticket/far', 'ticket.graded', { impact: 'high', urgency: 'high', grade: 'P1' });
    const waiting = far.make('ticket/far', 'ticket.assigned', { to: 'li.wei', tier: 'L1' });
    server.deliver(GZ, first);
    server.deliver(SZ, ...aTicket().events);
    const laptop = aLaptop(server, { journal: [waiting] });
    await laptop.sync();
    server.deliver(GZ, second);
    await laptop.sync();
    await laptop.store.applyLocal({ events: [waiting] });
    await isTrue(laptop, server, [waiting]);
    server.visible.delete(GZ);
    await laptop.sync();
    await isTrue(laptop, server);
    expect(await laptop.store.row({ key: 'ticket/far' })).toBeUndefined();
    expect(await laptop.store.eventsOf({ key: 'ticket/far' })).toEqual([]);
    expect(Object.keys((await laptop.store.position({})).cursors)).toEqual([SZ]);
    await laptop.store.applyLocal({ events: [waiting] });
    expect(await laptop.store.row({ key: 'ticket/far' })).toBeUndefined();
    server.visible.add(GZ);
    await laptop.sync();
    await isTrue(laptop, server, [waiting]);
  });

  it('[ST17] a row that two scopes give in pages is folded from the facts of both', async () => {
    const server = aServer(SZ, GZ);
    const { events } = aTicket().graded('P2').assigned().accepted();
    server.deliver(SZ, ...events.slice(0, 2), events[3]!);
    server.deliver(GZ, ...events.slice(1, 3));
    const laptop = aLaptop(server);
    await laptop.sync();
    await isTrue(laptop, server);
  });

  it('[ST19] a scope that is gained is pulled when it is small, and fetched by segments when it is large', async () => {
    const server = aServer(SZ);
    const laptop = aLaptop(server);
    await laptop.sync();
    server.pageSize = 4;
    const far = new EventBuilder('GZ01', GZ);
    server.deliver(ME, ...aTicket().events);
    server.visible.add(ME);
    await laptop.sync();
    expect(server.asked.filter((asked) => asked.startsWith('bootstrap'))).toEqual(['bootstrap *']);
    for (let n = 0; n < 12; n++)
      server.deliver(GZ, far.make(`ticket/g${n}`, 'ticket.opened', opening({ number: `g${n}` })));
    server.visible.add(GZ);
    await laptop.sync();
    expect(server.asked).toContain(`bootstrap ${GZ}`);
    await isTrue(laptop, server);
  });
});
