import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedDatabase } from './central-server.ts';
import { simulate, type PlantedFault, type SimulationResult } from './simulate.ts';

/** Within so many seeds a planted fault has to show. */
const SEEDS_TO_FIND = 8;

describe('The simulation', () => {
  let shared: SharedDatabase;
  const play = (seed: number, steps: number, planted?: PlantedFault): Promise<SimulationResult> =>
    simulate(shared, { seed, laptops: 4, steps, ...(planted !== undefined && { planted }) });

  beforeAll(async () => {
    shared = await SharedDatabase.open();
  });
  afterAll(() => shared.close());

  it.each([4, 5])('[SIM1] [SIM3] [SIM6] loses nothing and converges: seed %i', async (seed) => {
    expect((await play(seed, 100)).faults).toEqual([]);
  });

  it('[SIM10] plays the same seed the same way', async () => {
    const [first, second] = [await play(6, 40), await play(6, 40)];
    expect(second.trace).toEqual(first.trace);
    expect(second.digest).toBe(first.digest);
  });

  it.each<[PlantedFault, number]>([
    ['cursorFirst', 80],
    ['earlyNumbers', 60],
  ])('[SIM11] finds a planted fault: %s', async (planted, steps) => {
    const found: string[] = [];
    for (let seed = 1; seed <= SEEDS_TO_FIND && found.length === 0; seed++)
      found.push(...(await play(seed, steps, planted)).faults);
    expect(found.join('\n')).toMatch(/SIM3/);
  });
});
