import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aFailure, EngineWorld } from '#test/support/engine-world.ts';
import type { FailureKind } from './failure.ts';
import { nextBatch } from './plan.ts';
import { isWedged, waitsForPerson } from './watch.ts';

/** What may happen to a laptop, in any order. */
type Act =
  | { readonly do: 'write'; readonly stream: number }
  | { readonly do: 'answer' | 'lose'; readonly which: number }
  | { readonly do: 'fail'; readonly which: number; readonly kind: FailureKind; readonly retryAfterMs: number }
  | { readonly do: 'fault'; readonly times: number }
  | { readonly do: 'stale'; readonly effect: number }
  | { readonly do: 'refuse' }
  | { readonly do: 'durable'; readonly isDurable: boolean }
  | { readonly do: 'pause'; readonly isPaused: boolean }
  | { readonly do: 'metered'; readonly isMetered: boolean }
  | { readonly do: 'setClock'; readonly byMs: number }
  | { readonly do: 'learn'; readonly kind: FailureKind }
  | { readonly do: 'fire' | 'asked' | 'loggedIn' | 'restart' | 'blob' | 'answered' };

const kind = fc.constantFrom<FailureKind>(
  'offline',
  'fault',
  'captive',
  'certificate',
  'needsLogin',
  'otherVersion',
  'otherEpoch',
  'cloned',
  'unreadable',
  'here',
);
const which = fc.nat(9);
const actOf = (kind: fc.Arbitrary<FailureKind>): fc.Arbitrary<Act> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), which }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), stream: fc.nat(3) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('fail' as const),
        which,
        kind,
        retryAfterMs: fc.nat(9_000_000),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('fire' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('fault' as const), times: fc.integer({ min: 1, max: 12 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stale' as const), effect: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), isPaused: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('metered' as const), isMetered: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('durable' as const), isDurable: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('setClock' as const), byMs: fc.integer() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('learn' as const), kind }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('asked' as const, 'loggedIn', 'restart', 'blob', 'refuse', 'answered'),
      }),
    },
  );

/** Time passes until the next timer. */
function fireNext(world: EngineWorld): void {
  const [next] = [...world.timers].sort((a, b) => a[1].atMs - b[1].atMs);
  if (next !== undefined) world.fire(next[0]);
}

/** The server fails at the batch of the push under way; without one, time passes or what is asked for comes. */
function failAtBatch(world: EngineWorld): void {
  const asked = [...world.underWay.values()].find((effect) => effect.do !== 'openPokes');
  if (asked?.do !== 'push') {
    if (asked === undefined) fireNext(world);
    else world.answer(asked.do);
    return;
  }
  const batch = nextBatch(world.outbox, { ...asked, bytesOf: () => 500 });
  const [first] = batch;
  if (first === undefined) world.answer('push');
  else
    world.failBatch(aFailure('fault', { code: 'sync.serverFault' }), {
      count: batch.length,
      stream: first.event.stream,
    });
}

/** A pause that the server asked for lasts a quarter of an hour, in which polls and poke lines come and go. */
const ROUNDS = 100;

function perform(world: EngineWorld, one: Act): void {
  const open = [...world.underWay.values()];
  switch (one.do) {
    case 'write':
      world.write(`ticket/${one.stream}`);
      return;
    case 'answer':
      if (open.length > 0) world.answer(open[one.which % open.length]!.do);
      return;
    case 'fail':
      if (open.length > 0)
        world.fail(open[one.which % open.length]!.do, aFailure(one.kind, { retryAfterMs: one.retryAfterMs }));
      return;
    case 'fire':
      fireNext(world);
      return;
    case 'fault':
      for (let i = 0; i < one.times; i++) failAtBatch(world);
      return;
    case 'stale':
      if (!world.underWay.has(one.effect))
        world.send({ is: 'failed', effect: one.effect, failure: aFailure('needsLogin') });
      return;
    case 'refuse': {
      const first = world.outbox.find((item) => item.state === 'waiting');
      if (first !== undefined)
        world.outbox = world.outbox.map((item) => (item === first ? { ...item, state: 'refused' } : item));
      return;
    }
    case 'durable':
      world.isDurable = one.isDurable;
      return;
    case 'pause':
      world.send({ is: 'paused', isPaused: one.isPaused });
      return;
    case 'metered':
      world.send({ is: 'metered', isMetered: one.isMetered });
      return;
    case 'setClock':
      world.nowMs += one.byMs;
      return;
    case 'learn':
      world.send({ is: 'learnt', failure: aFailure(one.kind) });
      return;
    case 'blob':
      world.blobs++;
      world.send({ is: 'work' });
      return;
    case 'asked':
    case 'loggedIn':
    case 'restart':
    case 'answered':
      world.send({ is: one.do });
  }
}

/** What must hold after every single step. */
function check(world: EngineWorld): void {
  const { state, underWay, timers } = world;
  const count = (what: string): number => [...underWay.values()].filter((one) => one.do === what).length;
  expect(count('push')).toBeLessThanOrEqual(1);
  expect(count('upload')).toBeLessThanOrEqual(1);
  expect(count('openPokes')).toBeLessThanOrEqual(1);
  if (state.isPaused) expect(underWay.size).toBe(0);
  for (const name of ['main', 'uploads', 'pokes'] as const)
    expect(timers.get(name)?.id).toBe(state.timers[name]?.id);
  if (!waitsForPerson(state.main)) expect(timers.has('main')).toBe(true);
  if (count('upload') > 0) expect(timers.has('uploads')).toBe(true);
  if (count('openPokes') > 0) expect(timers.has('pokes')).toBe(true);
  expect(isWedged(state, world.monotonicMs)).toBe(false);
}

const acts = fc.array(actOf(kind), { maxLength: 80, size: 'max' });
const anyActs = fc.array(actOf(fc.oneof(kind, fc.constant<FailureKind>('revoked'))), {
  maxLength: 80,
  size: 'max',
});

test('[SY81] whatever happens, a timer runs unless a person is waited for; one push at a time, none while offline by choice', () => {
  fc.assert(
    fc.property(anyActs, fc.boolean(), (sequence, hasLogin) => {
      const world = new EngineWorld({ hasLogin }).start();
      check(world);
      for (const one of sequence) {
        perform(world, one);
        check(world);
      }
    }),
    { numRuns: 500 },
  );
});

test('[SY81] when the faults end, everything that may be sent is sent after a few turns', () => {
  fc.assert(
    fc.property(acts, (sequence) => {
      const world = new EngineWorld().start();
      for (const one of sequence) perform(world, one);
      world.isDurable = true;
      world.send({ is: 'paused', isPaused: false });
      if (world.at === 'needsLogin') world.send({ is: 'loggedIn' });
      const refused = new Set(
        world.outbox.filter((item) => item.state === 'refused').map(({ event }) => event.stream),
      );
      const waits = () => world.outbox.filter(({ event }) => !refused.has(event.stream)).length + world.blobs;
      let rounds = 0;
      while (waits() > 0 && rounds++ < ROUNDS) {
        world.settle();
        if (waits() === 0) break;
        // Nothing is under way: only time helps.
        fireNext(world);
      }
      expect(waits()).toBe(0);
    }),
    { numRuns: 1_500 },
  );
});

test('[SY80] no step changes the state it was given', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value);
      for (const part of Object.values(value)) freeze(part);
    }
    return value;
  };
  fc.assert(
    fc.property(acts, (sequence) => {
      const world = new EngineWorld().start();
      for (const one of sequence) {
        world.state = freeze(world.state);
        perform(world, one);
      }
    }),
    { numRuns: 300 },
  );
});

test('[SY86] a revoked device hands over everything and is wiped, whatever happened before', () => {
  fc.assert(
    fc.property(acts, (sequence) => {
      const world = new EngineWorld().start();
      for (const one of sequence) perform(world, one);
      world.isDurable = true;
      world.send({ is: 'paused', isPaused: false });
      if (world.at === 'needsLogin') world.send({ is: 'loggedIn' });
      world.send({ is: 'learnt', failure: aFailure('revoked') });
      for (let rounds = 0; world.at !== 'wiped' && rounds < ROUNDS; rounds++) {
        world.settle();
        if (world.at === 'wiped') break;
        fireNext(world);
      }
      expect(world.at).toBe('wiped');
      expect(world.outbox.filter((item) => item.state !== 'refused')).toEqual([]);
      expect(world.blobs).toBe(0);
      expect([world.underWay.size, world.timers.size]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});
