import { expect, test } from 'vitest';
import { EngineWorld } from '#test/support/engine-world.ts';
import { isHeldBack } from './poke-line.ts';

/** The line stands as long as it may without a word, and the next one is opened. */
function silentLine(world: EngineWorld): void {
  world.fire('pokes');
  world.fire('pokes').settle();
}

test('[SY89] lines on which the greeting never comes are told of; one word on a line ends that', () => {
  const world = new EngineWorld().start().settle();
  silentLine(world);
  expect(isHeldBack(world.state)).toBe(false);
  silentLine(world);
  expect(isHeldBack(world.state)).toBe(true);
  world.send({ is: 'poked', effect: world.only('openPokes').effect });
  expect(isHeldBack(world.state)).toBe(false);
});

test('[SY89] a line that was lost after its greeting says nothing of a proxy', () => {
  const world = new EngineWorld().start().settle();
  for (let times = 0; times < 3; times++) {
    world.send({ is: 'poked', effect: world.only('openPokes').effect });
    silentLine(world);
  }
  expect(isHeldBack(world.state)).toBe(false);
});
