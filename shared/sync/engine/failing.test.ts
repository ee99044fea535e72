import { describe, expect, test } from 'vitest';
import { aFailure, EngineWorld } from '#test/support/engine-world.ts';
import { nextBatch } from './plan.ts';

const atRest = (): EngineWorld => new EngineWorld().start().settle();

describe('the login', () => {
  test('[SY84] an expired one is refreshed once, and the work goes on', () => {
    const world = atRest();
    world.write();
    world.fail('push', 'needsLogin');
    expect(world.at).toBe('refreshing');
    world.answer('refreshLogin').settle();
    expect(world.accepted).toEqual(['fact-1']);
    world.write();
    world.fail('push', 'needsLogin');
    expect(world.at).toBe('refreshing');
  });

  test('[SY84] waits for a person when that does not help, and drops nothing', () => {
    const world = atRest();
    world.write();
    world.fail('push', 'needsLogin').answer('refreshLogin').fail('push', 'needsLogin');
    expect([world.at, world.state.shown.state]).toEqual(['needsLogin', 'needsLogin']);
    expect([...world.timers.keys()].filter((name) => name === 'main')).toEqual([]);
    world.send({ is: 'asked' });
    expect(world.at).toBe('needsLogin');
    world.send({ is: 'loggedIn' });
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
  });

  test('[SY84] a refresh that the server does not take needs a person; one that it does not hear is tried again', () => {
    const world = atRest();
    world.send({ is: 'learnt', failure: aFailure('needsLogin') });
    world.fail('refreshLogin', 'offline');
    expect(world.at).toBe('backingOff');
    world.send({ is: 'learnt', failure: aFailure('needsLogin') });
    world.fail('refreshLogin', 'needsLogin');
    expect(world.at).toBe('needsLogin');
  });
});

describe('other servers', () => {
  test('[SY85] another version keeps from pulling, never from pushing', () => {
    const world = new EngineWorld().start();
    world.write();
    const { effect } = world.only('hello');
    world.underWay.delete(effect);
    world.send({ is: 'helloed', effect, isOtherVersion: true, reading: world.reading() });
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.state.shown.state).toBe('otherVersion');
  });

  test('[SY85] another epoch is entered before anything is offered, and then everything is', () => {
    const world = atRest();
    world.write();
    world.fail('push', 'otherEpoch');
    expect(world.only('enterEpoch')).toMatchObject({ epoch: 'epoch-2' });
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
  });

  test('[SY85] a server that names another epoch each time is left alone for a while', () => {
    const world = atRest();
    world.write();
    for (let i = 0; i < 3; i++) world.fail('push', 'otherEpoch').answer('enterEpoch').answer('hello');
    world.fail('push', 'otherEpoch');
    expect(world.at).toBe('backingOff');
  });

  test('[SY85] a copied profile becomes a device of its own, and sends what it has', () => {
    const world = atRest();
    world.write();
    world.fail('push', 'cloned');
    expect(world.at).toBe('renewing');
    world.fail('becomeNewDevice', 'offline').fire('main').answer('hello').fail('push', 'cloned').settle();
    expect(world.accepted).toEqual(['fact-1']);
  });

  test('[SY85] a fact that cannot be read is found by halving and holds back its stream alone', () => {
    const world = atRest();
    for (let i = 0; i < 5; i++)
      world.outbox.push({ event: { id: `n${i}`, stream: `ticket/${i}` }, state: 'waiting' });
    world.send({ is: 'work' });
    const limits: (number | null)[] = [];
    for (const count of [5, 3, 2, 1]) {
      const asked = world.only('push');
      if (asked.do === 'push') limits.push(asked.turn.limit);
      world.failBatch(aFailure('unreadable'), { count, stream: 'ticket/0' });
    }
    expect(limits).toEqual([null, 3, 2, 1]);
    world.settle();
    expect(world.accepted).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect(world.state.lastError?.code).toBe('sync.unreadable');
  });
});

describe('a server that fails at what it is asked', () => {
  const fault = aFailure('fault', { code: 'sync.serverFault' });
  /** Answers pushes: with a fault where one of these facts is in the batch. @returns how many pauses it took. */
  const answerPushes = (
    world: EngineWorld,
    faulty: ReadonlySet<string>,
    most = 400,
    unreadable: ReadonlySet<string> = new Set(),
  ): number => {
    let pauses = 0;
    for (let i = 0; i < most && world.state.main.at !== 'idle'; i++) {
      if (world.state.main.at === 'backingOff') {
        pauses++;
        world.fire('main');
        continue;
      }
      const asked = [...world.underWay.values()].find((effect) => effect.do === 'push');
      if (asked?.do !== 'push') {
        world.answer('hello');
        continue;
      }
      const batch = nextBatch(world.outbox, { ...asked, bytesOf: () => 500 });
      const [first] = batch;
      const spoilt = (by: ReadonlySet<string>): boolean => batch.some(({ event }) => by.has(event.id));
      if (first === undefined || !(spoilt(faulty) || spoilt(unreadable))) world.answer('push');
      else
        world.failBatch(spoilt(unreadable) ? aFailure('unreadable') : fault, {
          count: batch.length,
          stream: first.event.stream,
        });
    }
    return pauses;
  };
  const pushesOf = (world: EngineWorld): number => world.log.filter((effect) => effect.do === 'push').length;
  const waiting = (count: number): EngineWorld => {
    const world = atRest();
    for (let i = 0; i < count; i++)
      world.outbox.push({ event: { id: `n${i}`, stream: `ticket/${i}` }, state: 'waiting' });
    world.send({ is: 'work' });
    return world;
  };

  test('[SY85] each time at two facts gets all others in the end, and both wait with a reason', () => {
    const world = waiting(20);
    answerPushes(world, new Set(['n2', 'n7']));
    expect(world.outbox.map(({ event }) => event.id)).toEqual(['n2', 'n7']);
    expect(world.accepted).toHaveLength(18);
    expect(world.state.lastError?.code).toBe('sync.serverFault');
  });

  test('[SY85] each time at one fact is not asked for it again before what comes later, and nothing later waits', () => {
    const world = waiting(5);
    answerPushes(world, new Set(['n2']));
    let pauses = 0;
    for (let i = 0; i < 3; i++) {
      const id = world.write('ticket/9');
      pauses += answerPushes(world, new Set(['n2']));
      expect(world.accepted).toContain(id);
      // At the end of a poll it is asked for the one that stood back, and goes on without a pause.
      const later = `later-${i}`;
      world.outbox.push({ event: { id: later, stream: 'ticket/8' }, state: 'waiting' });
      world.fire('main');
      pauses += answerPushes(world, new Set(['n2']));
      expect(world.accepted).toContain(later);
    }
    expect(pauses).toBe(0);
    expect(world.outbox.map(({ event }) => event.id)).toEqual(['n2']);
    expect(world.state.lastError?.code).toBe('sync.serverFault');
  });

  test('[SY85] is asked at the next poll for the facts that stood back, and everything of their streams follows', () => {
    const world = waiting(12);
    const bad = ['n1', 'n3', 'n5', 'n7', 'n9', 'n11'];
    answerPushes(world, new Set(bad));
    world.outbox.push({ event: { id: 'after', stream: 'ticket/5' }, state: 'waiting' });
    expect(world.outbox.map(({ event }) => event.id)).toEqual([...bad, 'after']);
    world.fire('main');
    answerPushes(world, new Set(['n3']));
    expect(world.outbox.map(({ event }) => event.id)).toEqual(['n3']);
    world.fire('main');
    answerPushes(world, new Set());
    expect(world.outbox).toEqual([]);
    expect([world.state.lastError, world.state.faulty]).toEqual([null, []]);
  });

  test('[SY85] counts facts that cannot be read for themselves', () => {
    const world = waiting(8);
    for (let i = 0; i < 3; i++) {
      let count = 8 - i;
      while (count > 1) {
        world.failBatch(aFailure('unreadable'), { count, stream: `ticket/${i}` });
        count = Math.ceil(count / 2);
      }
      world.failBatch(aFailure('unreadable'), { count, stream: `ticket/${i}` });
    }
    answerPushes(world, new Set(['n3']), 400, new Set(['n0', 'n1', 'n2']));
    expect(world.outbox.map(({ event }) => event.id)).toEqual(['n0', 'n1', 'n2', 'n3']);
  });

  test('[SY85] at everything is asked a few times before each pause and three times at a poll, until it is mended', () => {
    const world = waiting(20);
    const all = new Set(world.outbox.map(({ event }) => event.id));
    const pushesBefore = pushesOf(world);
    const pauses = answerPushes(world, all);
    expect(pauses).toBeGreaterThan(4);
    expect(pushesOf(world) - pushesBefore).toBeLessThanOrEqual(4 * (pauses + 1));
    const tried = new Set<string>();
    for (let i = 0; i < 7; i++) {
      const before = pushesOf(world);
      world.fire('main');
      expect(answerPushes(world, all)).toBe(0);
      // An empty one, three that fail, and each followed by a look whether there is more.
      expect(pushesOf(world) - before).toBeLessThanOrEqual(7);
      for (const { stream } of world.state.faulty.slice(-3)) tried.add(stream);
    }
    expect([world.accepted, tried.size]).toEqual([[], 20]);
    world.fire('main').settle();
    expect(world.outbox).toEqual([]);
  });

  test('[SY85] once is asked again soon, and nothing waits longer for it', () => {
    const world = waiting(1).failBatch(fault, { count: 1, stream: 'ticket/0' });
    expect(world.at).toBe('backingOff');
    world.fire('main').settle();
    expect(world.accepted).toEqual(['n0']);
  });
});

test('[SY83] a fault of the server at one attachment is not one of the line: the laptop stays online', () => {
  const world = atRest();
  world.blobs = 1;
  world.send({ is: 'work' });
  world.answer('push').fail('upload', aFailure('fault', { code: 'sync.serverFault' }));
  expect([world.at, world.state.shown.state]).toEqual(['idle', 'online']);
  expect(world.state.lastError?.code).toBe('sync.serverFault');
  world.fire('uploads').settle();
  expect(world.blobs).toBe(0);
});

describe('a revoked device', () => {
  test('[SY86] hands over everything, held-back facts too, fetches nothing, and then wipes', () => {
    const world = atRest();
    world.blobs = 1;
    world.outbox.push({ event: { id: 'refused', stream: 'ticket/1' }, state: 'refused' });
    world.write('ticket/1');
    world.settle();
    expect(world.accepted).toEqual([]);
    world.blobs = 1;
    world.fail('openPokes', 'revoked');
    expect(world.state.shown.state).toBe('revoked');
    expect(world.log).toContainEqual({ do: 'noteRevoked', atMs: world.nowMs });
    const told = world.told.length;
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.blobs).toBe(0);
    expect(world.at).toBe('wiped');
    expect(world.told.length).toBe(told);
    expect(world.timers.size).toBe(0);
  });

  test('[SY86] does not wipe while something is not handed over, until a fortnight is over', () => {
    const world = new EngineWorld({ revokedMs: Date.UTC(2026, 4, 4, 8) }).start();
    world.write();
    for (let i = 0; i < 3; i++) world.fail('hello', 'offline').fire('main');
    world
      .fail('hello', 'offline')
      .pass(14 * 24 * 3_600_000)
      .fire('main');
    expect(world.at).toBe('wiping');
    // What is left could not be sealed: the network is tried again first.
    world.fail('wipe', 'here').fire('main').fail('hello', 'offline').fire('main');
    expect(world.at).toBe('wiping');
  });
});
