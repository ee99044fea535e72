import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldEntity } from '#shared/domain/projection.ts';
import { PullLineSchema } from '#shared/sync/protocol.ts';
import { FeedClient } from '#test/support/feed-client.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import { DATABASES, STRANGER, TestServer } from '#test/support/test-server.ts';

const TARGET = 'user/zhao.bj';

describe.each(DATABASES)('Sharing on %s', (kind) => {
  let server: TestServer;
  let tickets = 0;
  const newTicket = (): string => `ticket/${kind}-${++tickets}`;

  beforeAll(async () => {
    const bootstrap = { rows: 10, staleAfter: 0 };
    server = await TestServer.start(kind, { demo: true, logLevel: 'error', bootstrap });
    await server.addAccount(STRANGER);
  });
  afterAll(() => server?.close());

  const fresh = (user = 'li.wei'): Promise<SyncDevice> => SyncDevice.logIn(server.url, user);
  const note = (device: SyncDevice, stream: string) =>
    device.event({ stream, scope: 'region/sz', type: 'ticket.noted', data: { text: '…' } });
  const share = (device: SyncDevice, stream: string, type = 'ticket.shared') =>
    device.event({ stream, type, data: { with: TARGET } });
  /** One page for a client that only applies what comes. */
  const page = async (device: SyncDevice, client: FeedClient, events?: number): Promise<boolean> => {
    const answer = await device.request('POST', '/v1/pull', {
      epoch: device.epoch,
      device: device.login.deviceId,
      cursors: client.cursors,
      ...(events === undefined ? {} : { page: { events } }),
    });
    const lines = (answer.body as string).trim().split('\n');
    return client.apply(lines.map((line) => PullLineSchema.parse(JSON.parse(line)))).more;
  };
  const catchUp = async (device: SyncDevice, client: FeedClient): Promise<void> => {
    while (await page(device, client));
    expect(client.faults).toEqual([]);
  };

  it('[SY61] gives the expert the whole ticket, his facts come back, and it leaves him again', async () => {
    const [owner, expert] = [await fresh(), await fresh('zhao.bj')];
    const [mine, his] = [new FeedClient(), new FeedClient()];
    const ticket = newTicket();
    const before = [note(owner, ticket), note(owner, ticket)];
    await owner.push(before);
    await catchUp(expert, his);
    expect(his.held(TARGET)).toEqual([]);
    expect(await expert.entity(ticket)).toEqual([]);

    const shared = share(owner, ticket);
    await owner.push([shared]);
    const answer = note(expert, ticket);
    expect((await expert.push([answer])).verdicts).toEqual([{ id: answer.id, verdict: 'accepted' }]);
    await catchUp(expert, his);
    const facts = [...before, shared, answer];
    expect(his.held(TARGET)).toEqual(facts.map(({ id }) => id).toSorted());
    expect(await expert.entity(ticket)).toEqual(facts);
    const row = (await expert.rows(await expert.manifest())).find(({ key }) => key === ticket);
    expect(row).toMatchObject({ scope: TARGET, state: { scope: '', sharedWith: [TARGET] } });
    expect(row?.state).toEqual(JSON.parse(JSON.stringify(foldEntity(ticket, facts)?.state)));
    await catchUp(owner, mine);
    expect(mine.held('region/sz')).toEqual(expect.arrayContaining(facts.map(({ id }) => id)));

    const ended = share(owner, ticket, 'ticket.unshared');
    await owner.push([ended]);
    const tooLate = note(expert, ticket);
    expect((await expert.push([tooLate])).verdicts[0]?.code).toBe('sync.noRight');
    await catchUp(expert, his);
    expect(his.held(TARGET)).toEqual([]);
    expect(await expert.entity(ticket)).toEqual([]);
    expect((await expert.rows(await expert.manifest())).map(({ key }) => key)).not.toContain(ticket);
    // Also who starts over gets no fact of it, and the same sum.
    await catchUp(await fresh('zhao.bj'), new FeedClient());
  });

  it('[SY61] misses no fact and delivers none twice while several write, share and unshare at once', async () => {
    const writers = [
      await fresh(),
      await fresh('zhang.min'),
      await fresh('wang.fang'),
      await fresh('zhang.min'),
    ];
    const [sharer, expert] = [await fresh('wang.fang'), await fresh('zhao.bj')];
    const his = new FeedClient();
    const streams = [newTicket(), newTicket(), newTicket()];
    const accepted: string[] = [];
    const running = { on: true };
    const reading = (async () => {
      while (running.on) await page(expert, his, 5);
    })();
    await Promise.all([
      ...writers.map(async (writer) => {
        for (let round = 0; round < 10; round++) {
          // Several tickets in each push, in another order each time: whoever locked them as they come would wait in a ring.
          const order = round % 2 === 0 ? streams : streams.toReversed();
          const events = order.map((stream) =>
            writer.event({
              stream,
              type: 'part.taken',
              data: { unitId: 'shared-unit', ticketId: stream.slice(7) },
            }),
          );
          const { verdicts } = await writer.push(events);
          accepted.push(...verdicts.flatMap(({ id, verdict }) => (verdict === 'refused' ? [] : id)));
        }
      }),
      (async () => {
        for (let round = 0; round < 9; round++) {
          const type = round % 2 === 0 ? 'ticket.shared' : 'ticket.unshared';
          await sharer.push(streams.toReversed().map((stream) => share(sharer, stream, type)));
        }
      })(),
    ]);
    running.on = false;
    await reading;
    await catchUp(expert, his);
    expect(accepted).toHaveLength(120);
    const held = his.held(TARGET);
    for (const stream of streams) {
      const all = (await writers[0]!.entity(stream)).filter((event) => event.stream === stream);
      expect(held).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
    }
    expect(held).toEqual(expect.arrayContaining(accepted));
    expect(held).toHaveLength(accepted.length + 9 * streams.length);
    const rows = await expert.rows(await expert.manifest());
    for (const stream of streams) {
      const state = rows.find(({ key, scope }) => key === stream && scope === TARGET)?.state;
      const facts = await expert.entity(stream);
      expect(state).toEqual(JSON.parse(JSON.stringify(foldEntity(stream, facts)?.state)));
    }
  });

  it('[SY29] folds shared tickets into the scopes they are shared into, also after a version that knows more', async () => {
    const [owner, expert] = [await fresh(), await fresh('zhao.bj')];
    const ticket = newTicket();
    await owner.push([note(owner, ticket), share(owner, ticket)]);
    const rowsOf = async () =>
      (await expert.rows(await expert.manifest())).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const before = await rowsOf();
    await server.restart({ domainFingerprint: 'of a newer version' });
    const again = await SyncDevice.logIn(server.url, 'zhao.bj');
    const after = (await again.rows(await again.manifest())).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    expect(after).toEqual(before);
    expect(after.map(({ key }) => key)).toContain(ticket);
  });
});
