import { expect, test } from 'vitest';
import { aFailure, EngineWorld } from '#test/support/engine-world.ts';

test('[SY83] halves its pushes on a line that is too slow for them, and doubles them when they come through', () => {
  const world = new EngineWorld().start().settle();
  world.write();
  const limit = () => {
    const asked = world.only('push');
    return asked.do === 'push' ? asked.turn.limit : undefined;
  };
  expect(limit()).toBe(null);
  const limits: unknown[] = [];
  for (let round = 0; round < 9; round++) {
    world.fail('push', aFailure('offline'));
    world.fire('main');
    world.answer('hello');
    limits.push(limit());
  }
  expect(limits).toEqual([100, 50, 25, 13, 7, 4, 2, 1, 1]);
  world.answer('push');
  expect(limit()).toBe(2);
  world.settle();
  expect(world.accepted).toEqual(['fact-1']);
});
