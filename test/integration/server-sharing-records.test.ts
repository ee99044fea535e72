import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { productDomain } from '#server/sync/domain.ts';
import { shareRecordsOnce } from '#server/sync/share-records-once.ts';
import { foldEntity } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { PullLineSchema } from '#shared/sync/protocol.ts';
import { FeedClient } from '#test/support/feed-client.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, STRANGER, TestServer } from '#test/support/test-server.ts';

const HOME = 'region/sz';
const EXPERT = 'user/zhao.bj';
const OTHERS = 'region/bj';

describe.each(DATABASES)('The records of a shared ticket on %s', (kind) => {
  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await TestServer.start(kind, { demo: true, bootstrap: { rows: 5, staleAfter: 0 } });
    await server.addAccount(STRANGER);
  });
  afterAll(() => server?.close());

  const home = (): Promise<SyncDevice> => SyncDevice.logIn(server.url, 'li.wei');
  const expert = (): Promise<SyncDevice> => SyncDevice.logIn(server.url, 'zhao.bj');

  /** Names of records nobody else in these tests uses. */
  const aPlace = () => {
    const place = `${kind}-${++count}`;
    const records = { customer: `customer/${place}`, site: `site/${place}`, asset: `asset/${place}` };
    const first = (device: SyncDevice): DomainEvent[] => [
      device.event({ stream: records.customer, type: 'customer.registered', data: { name: '东岭通信' } }),
      device.event({
        stream: records.customer,
        type: 'customer.contactAdded',
        data: { name: '刘工', phone: '0755-8600-1100' },
      }),
      device.event({ stream: records.site, type: 'site.registered', data: aSite(place) }),
      asset(device, place),
    ];
    return { ...records, id: place, first };
  };
  const aSite = (customerId: string) => ({
    customerId,
    name: '石桥基站',
    address: '石桥路 1 号',
    zone: 'Asia/Shanghai',
    region: 'sz',
  });
  const asset = (device: SyncDevice, id: string, name = '电源柜', siteId = id): DomainEvent =>
    device.event({
      stream: `asset/${id}`,
      scope: HOME,
      type: 'asset.registered',
      data: {
        siteId,
        name,
        kind: 'dcPower',
        model: 'NetSure 731',
        serial: id,
        slots: [{ slotId: 'R1', label: 'R1', partNumber: 'R48' }],
        address: { host: '10.0.0.7', port: 22, username: 'root' },
      },
    });
  const opened = (device: SyncDevice, ticket: string, place: string): DomainEvent =>
    device.event({
      stream: ticket,
      type: 'ticket.opened',
      data: {
        number: 'SZ01-1',
        customerId: place,
        siteId: place,
        assetId: place,
        contactName: '刘工',
        contactPhone: '0755',
        channel: 'hotline',
        symptom: '整流模块通信中断',
        environment: '',
        occurredAt: '2026-01-01T00:00:00.000Z',
      },
    });
  const says = (device: SyncDevice, stream: string, type: string, data: Record<string, unknown> = {}) =>
    device.event({ stream, scope: HOME, type, data });
  const share = (device: SyncDevice, ticket: string, target = EXPERT) =>
    says(device, ticket, 'ticket.shared', { with: target });
  const unshare = (device: SyncDevice, ticket: string, target = EXPERT) =>
    says(device, ticket, 'ticket.unshared', { with: target });
  const nameAsset = (device: SyncDevice, ticket: string, value: string) =>
    says(device, ticket, 'ticket.edited', { field: 'assetId', value, basedOn: '' });
  const newTicket = (): string => `ticket/${kind}-${++count}`;

  const catchUp = async (device: SyncDevice, client: FeedClient): Promise<void> => {
    for (let more = true; more;) {
      const { cursors } = client;
      const body = { epoch: device.epoch, device: device.login.deviceId, cursors, page: { events: 7 } };
      const answer = await device.request('POST', '/v1/pull', body);
      const lines = (answer.body as string).trim().split('\n');
      ({ more } = client.apply(lines.map((line) => PullLineSchema.parse(JSON.parse(line)))));
    }
    expect(client.faults).toEqual([]);
  };
  /** What a laptop of the expert begins with, by key. */
  const rowsOf = async (device: SyncDevice): Promise<Map<string, unknown>> => {
    const rows = (await device.rows(await device.manifest())).filter(({ scope }) => scope === EXPERT);
    return new Map(rows.map(({ key, state }) => [key, state]));
  };
  const held = (client: FeedClient, events: readonly DomainEvent[]): boolean[] => {
    const ids = new Set(client.held(EXPERT));
    return events.map(({ id }) => ids.has(id));
  };

  it('[SY69] gives the expert customer, contacts, site and asset with the ticket, and takes them with it', async () => {
    const [owner, other] = [await home(), await expert()];
    const [place, ticket, his] = [aPlace(), newTicket(), new FeedClient()];
    const records = place.first(owner);
    await owner.push(records);
    await owner.push([opened(owner, ticket, place.id), share(owner, ticket)]);
    await catchUp(other, his);
    expect(held(his, records)).toEqual([true, true, true, true]);
    const rows = await rowsOf(other);
    expect(rows.get(place.customer)).toMatchObject({ name: '东岭通信', contacts: [{ name: '刘工' }] });
    expect(rows.get(place.site)).toMatchObject({ name: '石桥基站', address: '石桥路 1 号' });
    expect(rows.get(place.asset)).toMatchObject({ address: { host: '10.0.0.7' } });
    expect(await other.entity(place.asset)).toEqual([records[3]]);

    // What is learnt later goes there at once.
    const contact = says(owner, place.customer, 'customer.contactAdded', { name: '王工', phone: '1' });
    await owner.push([contact]);
    await catchUp(other, his);
    expect(held(his, [contact])).toEqual([true]);

    await owner.push([unshare(owner, ticket)]);
    await catchUp(other, his);
    expect(held(his, [...records, contact])).toEqual([false, false, false, false, false]);
    const after = await rowsOf(other);
    for (const key of [ticket, place.customer, place.site, place.asset]) {
      expect(after.has(key)).toBe(false);
      expect(await other.entity(key)).toEqual([]);
    }
    await catchUp(await expert(), new FeedClient());
  });

  it('[SY69] keeps the site as long as one of two tickets names it, whichever share ends first', async () => {
    const [owner, other] = [await home(), await expert()];
    const [place, first, second, his] = [aPlace(), newTicket(), newTicket(), new FeedClient()];
    const records = place.first(owner);
    await owner.push([...records, opened(owner, first, place.id), opened(owner, second, place.id)]);
    await owner.push([share(owner, first), share(owner, second)]);
    await owner.push([unshare(owner, first)]);
    await catchUp(other, his);
    expect(held(his, records)).toEqual([true, true, true, true]);
    await owner.push([unshare(owner, second)]);
    await catchUp(other, his);
    expect(held(his, records)).toEqual([false, false, false, false]);
    // And for each target by itself.
    await owner.push([share(owner, first), share(owner, second, OTHERS)]);
    await owner.push([unshare(owner, second, OTHERS)]);
    await catchUp(other, his);
    expect(held(his, records)).toEqual([true, true, true, true]);
    expect(his.held(OTHERS)).toEqual([]);
  });

  it('[SY69] lets another asset go along when the ticket comes to name it, and what arrives late', async () => {
    const [owner, other] = [await home(), await expert()];
    const [place, ticket, his] = [aPlace(), newTicket(), new FeedClient()];
    // The share comes first, then the opening, then the records.
    await owner.push([share(owner, ticket)]);
    await owner.push([opened(owner, ticket, place.id)]);
    const records = place.first(owner);
    await owner.push(records);
    await catchUp(other, his);
    expect(held(his, records)).toEqual([true, true, true, true]);
    const second = asset(owner, `${place.id}-b`, '电源柜 2', place.id);
    await owner.push([second]);
    await catchUp(other, his);
    expect(held(his, [second])).toEqual([false]);
    await owner.push([nameAsset(owner, ticket, `${place.id}-b`)]);
    await catchUp(other, his);
    // The asset that was named before stays in the ticket's history.
    expect(held(his, [second, ...records])).toEqual([true, true, true, true, true]);
  });

  it('[SY69] shows parts as they are at home: taken, swapped, and where they came from', async () => {
    const [owner, other] = [await home(), await expert()];
    const [place, ticket, his] = [aPlace(), newTicket(), new FeedClient()];
    const first = place.first(owner);
    const unit = (serial: string) => ({
      unitId: `R48~${place.id}-${serial}`,
      partNumber: 'R48',
      serial,
      name: '模块',
    });
    const [good, faulty] = [unit('G'), unit('F')];
    const depot = { kind: 'depot', id: 'd' };
    const received = says(owner, `unit/${good.unitId}`, 'part.received', {
      ...good,
      condition: 'good',
      from: { kind: 'supplier', id: 's' },
      to: depot,
    });
    const taken = says(owner, `unit/${good.unitId}`, 'part.taken', {
      unitId: good.unitId,
      ticketId: ticket.slice('ticket/'.length),
    });
    const swapped = says(owner, ticket, 'part.swapped', {
      ticketId: ticket.slice('ticket/'.length),
      assetId: place.id,
      slotId: 'R1',
      kit: depot,
      good,
      faulty,
      rmaId: `rma-${place.id}`,
      fault: '无输出',
    });
    const open = opened(owner, ticket, place.id);
    const shared = share(owner, ticket);
    await owner.push([...first, received, open, shared]);
    await owner.push([taken]);
    await owner.push([swapped]);
    await catchUp(other, his);
    expect(held(his, [received, taken, swapped])).toEqual([true, true, true]);
    const rows = await rowsOf(other);
    const state = (key: string, facts: DomainEvent[]): unknown =>
      JSON.parse(JSON.stringify(foldEntity(key, facts)?.state));
    expect(rows.get(ticket)).toEqual(state(ticket, [open, shared, taken, swapped]));
    expect(rows.get(`unit/${good.unitId}`)).toEqual(state(`unit/${good.unitId}`, [received, taken, swapped]));
    expect(rows.get(place.asset)).toMatchObject({ slots: [{ slotId: 'R1', unitId: good.unitId }] });
  });

  it('[SY69] opens nothing to the expert himself: what he names does not come, and what he may not write is refused', async () => {
    const [owner, other] = [await home(), await expert()];
    const [place, secret, ticket, his] = [aPlace(), aPlace(), newTicket(), new FeedClient()];
    await owner.push([...place.first(owner), ...secret.first(owner), opened(owner, ticket, place.id)]);
    await owner.push([share(owner, ticket)]);
    const guess = nameAsset(other, ticket, secret.id);
    const again = { ...opened(other, ticket, secret.id), scope: HOME };
    expect((await other.push([guess, again])).verdicts.map(({ verdict }) => verdict)).not.toContain(
      'refused',
    );
    await owner.push([unshare(owner, ticket), share(owner, ticket)]);
    await catchUp(other, his);
    for (const key of [secret.customer, secret.site, secret.asset])
      expect(await other.entity(key)).toEqual([]);
    // On the device he works, the rest he reads.
    const contact = says(other, place.customer, 'customer.contactAdded', { name: 'x', phone: '' });
    const baseline = says(other, place.asset, 'asset.baselineTaken', {
      baselineId: 'b',
      label: '开局',
      sha256: 'a'.repeat(64),
      size: 1,
      name: 'c.cfg',
    });
    const answers = (await other.push([contact, baseline])).verdicts;
    expect(answers.map(({ code, verdict }) => code ?? verdict)).toEqual(['sync.noRight', 'accepted']);
    // Somebody at home names it: then it comes.
    await owner.push([nameAsset(owner, ticket, secret.id)]);
    expect(await other.entity(secret.asset)).toHaveLength(1);
    expect(await other.entity(secret.site)).toEqual([]);
  });

  it('[SY69] ends right when several share, end shares, name assets and write records at once', async () => {
    const place = aPlace();
    const tickets = [newTicket(), newTicket(), newTicket()];
    const first = await home();
    await first.push([...place.first(first), ...tickets.map((ticket) => opened(first, ticket, place.id))]);
    const others = ['b', 'c'].map((name) => asset(first, `${place.id}-${name}`, name, place.id));
    await first.push(others);
    const [other, his] = [await expert(), new FeedClient()];
    const running = { on: true };
    const reading = (async () => {
      while (running.on) await catchUp(other, his);
    })();
    const written: DomainEvent[] = [];
    await Promise.all([
      ...['li.wei', 'zhang.min', 'wang.fang'].map(async (user, nth) => {
        const device = await SyncDevice.logIn(server.url, user);
        for (let round = 0; round < 8; round++) {
          const order = (round + nth) % 2 === 0 ? tickets : tickets.toReversed();
          const word = (round + nth) % 2 === 0 ? share : unshare;
          await device.push(order.map((ticket) => word(device, ticket)));
          const name = nth === 0 ? 'b' : 'c';
          await device.push([nameAsset(device, tickets[nth % 3]!, `${place.id}-${name}`)]);
        }
      }),
      (async () => {
        const device = await home();
        for (let round = 0; round < 12; round++) {
          const fact = says(device, place.customer, 'customer.contactAdded', { name: `${round}`, phone: '' });
          const more = asset(device, `${place.id}-${round % 2 === 0 ? 'b' : 'c'}`, `${round}`, place.id);
          written.push(fact, more);
          await device.push([fact, more]);
        }
      })(),
    ]);
    const last = await home();
    await last.push([unshare(last, tickets[0]!), unshare(last, tickets[1]!), share(last, tickets[2]!)]);
    running.on = false;
    await reading;
    await catchUp(other, his);
    const contacts = written.filter(({ stream }) => stream === place.customer);
    expect(held(his, contacts)).toEqual(contacts.map(() => true));
    // The third ticket names the first asset and `c`; `b` was named by the first ticket only.
    const assets = written.filter(({ stream }) => stream !== place.customer);
    expect(held(his, assets)).toEqual(assets.map(({ stream }) => stream.endsWith('-c')));
    await last.push([unshare(last, tickets[2]!)]);
    await catchUp(other, his);
    expect(held(his, written)).toEqual(written.map(() => false));
    expect([...(await rowsOf(other)).keys()].filter((key) => key.includes(place.id))).toEqual([]);
  }, 120_000);

  // Beside the embedded database there is nobody to make it look older.
  it.runIf(kind === 'PostgreSQL')(
    '[SY69] lets records go along with tickets that an earlier version shared alone, once',
    async () => {
      const [owner, other] = [await home(), await expert()];
      const [place, ticket, his] = [aPlace(), newTicket(), new FeedClient()];
      const records = place.first(owner);
      await owner.push([...records, opened(owner, ticket, place.id)]);
      await server.withDatabase(async (database) => {
        // The ticket goes alone while nothing counts that it names.
        await database.query('UPDATE events SET by_guest = true WHERE stream = $1', [ticket]);
        await owner.push([share(owner, ticket)]);
        await catchUp(other, his);
        expect(held(his, records)).toEqual([false, false, false, false]);
        await database.query('UPDATE events SET by_guest = false WHERE stream = $1', [ticket]);
        await database.query(`DELETE FROM server_facts WHERE name = 'shared-records'`);
        expect(await shareRecordsOnce(database, productDomain)).toBe(true);
        expect(await shareRecordsOnce(database, productDomain)).toBe(false);
      });
      await catchUp(other, his);
      expect(held(his, records)).toEqual([true, true, true, true]);
      await owner.push([unshare(owner, ticket)]);
      await catchUp(other, his);
      expect(held(his, records)).toEqual([false, false, false, false]);
    },
  );
});
