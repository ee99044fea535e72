import { describe, expect, test } from 'vitest';
import { aFailure, EngineWorld } from '#test/support/engine-world.ts';
import type { FailureKind } from './failure.ts';

const atRest = (): EngineWorld => new EngineWorld().start().settle();
const MINUTE = 60_000;

describe('an ordinary day', () => {
  test('[SY80] greets, opens the poke line, sends, tells the page and rests until the poll', () => {
    const world = new EngineWorld();
    world.write();
    expect(world.at).toBe('stopped');
    world.start();
    expect(world.at).toBe('greeting');
    world.answer('hello').settle();
    expect(world.at).toBe('idle');
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.told).toEqual(['online']);
    expect(world.has('openPokes')).toBe(true);
    expect(world.pauseOf('main')).toBeLessThanOrEqual(MINUTE);
    expect(world.pauseOf('main')).toBeGreaterThan(50_000);
    expect(world.state.shown.state).toBe('online');
  });

  test('[SY80] the same state, event and moment give the same step, and the state before stays as it was', () => {
    const world = atRest();
    const before = structuredClone(world.state);
    const kept = world.state;
    world.write();
    expect(kept).toEqual(before);
    const again = new EngineWorld();
    again.state = before;
    again.send({ is: 'work' });
    expect(again.state).toEqual(world.state);
  });

  test('[SY82] work that comes during a push is sent right behind it, by one push at a time', () => {
    const world = atRest();
    world.write();
    const first = world.only('push').effect;
    world.write();
    world.write();
    expect([...world.underWay.values()].filter((effect) => effect.do === 'push')).toHaveLength(1);
    expect(world.only('push').effect).toBe(first);
    world.settle();
    expect(world.accepted).toEqual(['fact-1', 'fact-2', 'fact-3']);
  });

  test('[SY82] work that comes when the last look at the outbox was already taken makes another turn', () => {
    const world = atRest();
    world.write();
    world.answer('push');
    const { effect } = world.only('push');
    world.underWay.delete(effect);
    world.write();
    world.send({ is: 'pushedAll', effect, undelivered: 0 });
    expect(world.at).toBe('pushing');
    world.settle();
    expect(world.accepted).toEqual(['fact-1', 'fact-2']);
  });

  test('[SY82] facts do not wait for attachments: an upload goes on beside the next turns', () => {
    const world = new EngineWorld().start();
    world.blobs = 1;
    world.answer('hello').answer('push');
    const { effect } = world.only('upload');
    world.write();
    world.answer('push').answer('push');
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.only('upload').effect).toBe(effect);
    world.settle();
    expect(world.blobs).toBe(0);
  });

  test('[SY83] polls at least every minute, and offers again what the server may forget', () => {
    const world = atRest();
    world.isDurable = false;
    world.write();
    world.settle();
    world.write('ticket/2');
    world.settle();
    expect(world.accepted).toEqual(['fact-1', 'fact-2']);
    world.isDurable = true;
    world.fire('main').settle();
    expect(world.accepted).toEqual(['fact-1', 'fact-2', 'fact-1', 'fact-2']);
    expect(world.outbox).toEqual([]);
    expect(world.told).toEqual(['online', 'poll']);
  });
});

describe('pauses', () => {
  test('[SY83] grow twofold up to the longest, by chance between half and one and a half', () => {
    const world = new EngineWorld().start();
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      world.fail('hello', 'offline');
      pauses.push(world.pauseOf('main'));
      world.fire('main');
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, MINUTE, MINUTE]);
    world.random = 0;
    world.fail('hello', 'offline');
    expect(world.pauseOf('main')).toBe(MINUTE / 2);
  });

  test('[SY83] heed Retry-After, up to a quarter of an hour', () => {
    const world = new EngineWorld().start();
    world.fail('hello', aFailure('offline', { retryAfterMs: 30_000 }));
    expect(world.pauseOf('main')).toBe(30_500);
    world.fire('main').fail('hello', aFailure('offline', { retryAfterMs: 9_999_999_999 }));
    expect(world.pauseOf('main')).toBeLessThan(16 * MINUTE);
  });

  test('[SY83] are not cut short by new work, and by a person at once', () => {
    const world = new EngineWorld().start().fail('hello', 'offline');
    world.write();
    expect(world.at).toBe('backingOff');
    world.send({ is: 'asked' });
    expect(world.at).toBe('greeting');
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
  });

  test('[SY83] start anew once something has gone well', () => {
    const world = new EngineWorld().start();
    for (let i = 0; i < 5; i++) world.fail('hello', 'offline').fire('main');
    world.settle().fire('main').fail('push', 'offline');
    expect(world.pauseOf('main')).toBe(1_000);
  });

  test.each<[FailureKind, string]>([
    ['captive', 'offline'],
    ['certificate', 'offline'],
    ['here', 'offline'],
    ['unreadable', 'offline'],
  ])('[SY83] %s is tried again by itself', (kind, shown) => {
    const world = new EngineWorld().start().fail('hello', kind);
    expect(world.at).toBe('backingOff');
    expect(world.state.shown.state).toBe(shown);
    expect(world.state.lastError?.code).toBe(`sync.${kind}`);
    world.fire('main').settle();
    expect(world.state.lastError).toBe(null);
  });

  test('[SY83] of attachments are their own: facts go on', () => {
    const world = new EngineWorld().start();
    world.blobs = 2;
    world.answer('hello').answer('push').fail('upload', 'here');
    expect(world.at).toBe('idle');
    world.write();
    world.settle();
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.blobs).toBe(2);
    world.fire('uploads').settle();
    expect(world.blobs).toBe(0);
  });

  test('[SY83] a page that fails again and again makes pauses, not a loop', () => {
    const world = atRest();
    world.send({ is: 'learnt', failure: aFailure('offline') });
    expect(world.at).toBe('greeting');
    world.settle();
    world.send({ is: 'learnt', failure: aFailure('offline') });
    expect(world.at).toBe('backingOff');
    world.fire('main').settle();
    world.send({ is: 'answered' });
    world.send({ is: 'learnt', failure: aFailure('offline') });
    expect(world.at).toBe('greeting');
  });
});

describe('offline by choice', () => {
  test('[SY82] ends everything and asks nothing until it is switched back', () => {
    const world = new EngineWorld().start();
    world.blobs = 1;
    world.answer('hello').answer('push');
    world.write();
    world.send({ is: 'paused', isPaused: true });
    expect([world.underWay.size, world.timers.size, world.at]).toEqual([0, 0, 'paused']);
    const asked = world.log.length;
    world.write();
    world.send({ is: 'asked' });
    world.send({ is: 'loggedIn' });
    world.send({ is: 'restart' });
    world.send({ is: 'learnt', failure: aFailure('offline') });
    expect(world.log.slice(asked).filter((effect) => 'effect' in effect && effect.do !== 'cancel')).toEqual(
      [],
    );
    world.send({ is: 'paused', isPaused: false });
    world.settle();
    expect(world.accepted).toEqual(['fact-1', 'fact-2']);
  });
});

describe('the watchdog', () => {
  test('[SY81] what never comes back is given up, counted and asked again', () => {
    const world = atRest();
    world.write();
    world.fire('main');
    expect(world.at).toBe('backingOff');
    expect(world.state).toMatchObject({ restarts: 1, stuck: { reason: 'noAnswer' } });
    expect(world.has('push')).toBe(false);
    world.fire('main').settle();
    expect(world.accepted).toEqual(['fact-1']);
    expect(world.state).toMatchObject({ restarts: 1, stuck: null });
  });

  test('[SY81] an upload lives as long as bytes arrive', () => {
    const world = new EngineWorld().start();
    world.blobs = 1;
    world.answer('hello').answer('push');
    const { effect } = world.only('upload');
    for (let i = 0; i < 10; i++) {
      world.pass(100_000);
      world.send({ is: 'progressed', effect });
      expect(world.pauseOf('uploads')).toBe(120_000);
    }
    world.fire('uploads');
    expect(world.has('upload')).toBe(false);
    expect(world.state).toMatchObject({ restarts: 1, stuck: { reason: 'noProgress' } });
    world.fire('uploads').settle();
    expect([world.blobs, world.state.stuck]).toEqual([0, null]);
  });

  test('[SY81] an answer to what was given up changes nothing', () => {
    const world = atRest();
    world.write();
    const { effect } = world.only('push');
    world.fire('main');
    const before = world.state;
    world.send({ is: 'pushedAll', effect, undelivered: 0 });
    expect(world.state).toEqual(before);
  });

  test('[SY81] a timer that was replaced or cleared changes nothing', () => {
    const world = atRest();
    const old = world.timers.get('main')!.id;
    world.fire('main').settle();
    const before = world.state;
    for (const name of ['main', 'uploads', 'pokes'] as const) world.send({ is: 'timer', name, id: old });
    expect(world.state).toEqual(before);
  });

  test('[SY81] a restart gives up everything and begins with a greeting', () => {
    const world = atRest();
    world.send({ is: 'restart' });
    expect([world.at, world.state.restarts, world.has('openPokes')]).toEqual(['greeting', 1, false]);
    world.settle();
    expect(world.state.stuck).toBe(null);
  });
});

describe('the poke line', () => {
  test('[SY89] a poke is told to the page; silence for a minute opens the line anew', () => {
    const world = atRest();
    const { effect } = world.only('openPokes');
    world.pass(50_000);
    world.send({ is: 'commented', effect });
    expect(world.pauseOf('pokes')).toBe(MINUTE);
    world.send({ is: 'poked', effect });
    expect(world.told).toEqual(['online', 'poke']);
    world.fire('pokes');
    expect(world.has('openPokes')).toBe(false);
    world.fire('pokes').settle();
    expect(world.only('openPokes').effect).not.toBe(effect);
  });

  test('[SY89] one that a proxy cuts at once is opened with growing pauses', () => {
    const world = atRest();
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      world.answer('openPokes');
      pauses.push(world.pauseOf('pokes'));
      world.fire('pokes').settle();
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
  });
});

describe('the clock', () => {
  test('[SY87] is measured at each greeting and push, and forgotten when somebody sets it', () => {
    const world = atRest();
    expect(world.log).toContainEqual({ do: 'noteClock', measured: { offsetMs: 5_020, uncertaintyMs: 21 } });
    world.nowMs += 3_600_000;
    world.send({ is: 'work' });
    expect(world.state.clock).toEqual([]);
    expect(world.log).toContainEqual({ do: 'noteClock', measured: null });
    world.settle();
    expect(world.state.clock).toHaveLength(1);
  });

  test('[SY87] is measured again when the measurement has aged', () => {
    const world = atRest();
    const hellos = (): number => world.log.filter((effect) => effect.do === 'hello').length;
    for (let i = 0; i < 9; i++) world.fire('main').settle();
    expect(hellos()).toBe(1);
    for (let i = 0; i < 3; i++) world.fire('main').settle();
    expect(hellos()).toBe(2);
  });
});
