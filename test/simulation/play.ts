import type { SharedDatabase } from './central-server.ts';
import { PLANTS, type Plant } from './plants.ts';
import { drawScript } from './script.ts';
import { simulate } from './simulate.ts';

/** Clients and steps of the runs that are played with every test run: many small worlds see more than few large ones. */
export const SMALL = { clients: 3, steps: 40 } as const;

/** Within so many seeds a plant has to show. */
export const SEEDS_TO_FIND = 8;

/** All faults of these seeds, each with the seed before it. */
export async function faultsOf(shared: SharedDatabase, first: number, count: number): Promise<string[]> {
  const faults: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(shared, drawScript(seed, SMALL.clients, SMALL.steps));
    faults.push(...result.faults.map((fault) => `seed ${seed}: ${fault}`));
  }
  return faults;
}

/** @returns the first seed that shows the plant, and how. */
export async function findPlant(
  shared: SharedDatabase,
  plant: Plant,
  steps: number,
): Promise<{ seed: number; faults: readonly string[] } | undefined> {
  for (let seed = 1; seed <= SEEDS_TO_FIND; seed++) {
    const { faults } = await simulate(shared, drawScript(seed, SMALL.clients, steps), plant);
    if (faults.length > 0) return { seed, faults };
  }
  return undefined;
}

export { PLANTS };
