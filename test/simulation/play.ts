import type { SharedDatabase } from './central-server.ts';
import { PLANTS, type Plant } from './plants.ts';
import { drawScript } from './script.ts';
import { simulate } from './simulate.ts';

/** Clients and steps of the runs that are played with every test run: many small worlds see more than few large ones. */
export const SMALL = { clients: 3, steps: 40 } as const;

/** Within so many seeds a plant has to show. */
export const SEEDS_TO_FIND = 8;

export interface Seeds {
  readonly first: number;
  readonly count: number;
  /** Laptops, and turns of each run. */
  readonly clients: number;
  readonly steps: number;
}

/** All faults of these seeds, each with the seed before it. */
export async function faultsOf(
  shared: SharedDatabase,
  { first, count, clients, steps }: Seeds,
): Promise<string[]> {
  const faults: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(shared, drawScript(seed, clients, steps));
    faults.push(...result.faults.map((fault) => `seed ${seed}: ${fault}`));
  }
  return faults;
}

/** The seeds in portions, each of them a test: so that one that hangs is seen, and a slow machine has time. */
export function portionsOf({ first, count, ...size }: Seeds, portion = 20): Seeds[] {
  return Array.from({ length: Math.ceil(count / portion) }, (_, place) => ({
    ...size,
    first: first + place * portion,
    count: Math.min(portion, count - place * portion),
  }));
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
