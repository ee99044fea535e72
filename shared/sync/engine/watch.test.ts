import { expect, test } from 'vitest';
import { EngineWorld } from '#test/support/engine-world.ts';
import { isWedged, stuckWith } from './watch.ts';

const HOUR = 3_600_000;

test('[SY81] an engine whose deadline is long over is wedged; one that waits for a person is not', () => {
  const world = new EngineWorld().start();
  expect(isWedged(world.state, world.monotonicMs)).toBe(false);
  expect(isWedged(world.state, world.monotonicMs + HOUR)).toBe(true);
  world.send({ is: 'paused', isPaused: true });
  expect(isWedged(world.state, world.monotonicMs + HOUR)).toBe(false);
});

test('[SY81] says since when something waits and why, when it has waited long', () => {
  const world = new EngineWorld().start().settle();
  const said = (hours: number) => stuckWith(world.state, world.nowMs - hours * HOUR, world.nowMs)?.reason;
  expect(stuckWith(world.state, null, world.nowMs)).toBe(null);
  expect([said(0.5), said(2)]).toEqual([undefined, 'notTaken']);
  world.fire('main').fail('push', 'offline');
  expect([said(2), said(30)]).toEqual([undefined, 'serverUnreachable']);
  world.send({ is: 'paused', isPaused: true });
  expect(said(30)).toBe('offlineByChoice');
  const out = new EngineWorld({ hasLogin: false }).start();
  expect(stuckWith(out.state, out.nowMs - 2 * HOUR, out.nowMs)).toEqual({
    sinceMs: out.nowMs - 2 * HOUR,
    reason: 'needsLogin',
  });
});
