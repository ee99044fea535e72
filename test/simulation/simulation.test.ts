import 'fake-indexeddb/auto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedDatabase } from './central-server.ts';
import { ruleOf } from './faults.ts';
import { faultsOf, findPlant, PLANTS, portionsOf, SEEDS_TO_FIND, SMALL } from './play.ts';
import { readRegression } from './regression.ts';
import { drawScript } from './script.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

const REGRESSIONS = join(import.meta.dirname, 'regressions');
const LONG_MS = 400_000;

describe('The simulation', () => {
  let shared: SharedDatabase;

  beforeAll(async () => {
    shared = await SharedDatabase.open();
  });
  afterAll(() => shared.close());

  it.each(portionsOf({ first: 1, count: 40, ...SMALL }))(
    '[SIM1] [SIM2] [SIM3] [SIM4] [SIM5] [SIM6] [SIM7] [SIM8] [SIM9] holds in worlds of many shapes: $count from $first',
    { timeout: LONG_MS },
    async (seeds) => {
      expect(await faultsOf(shared, seeds)).toEqual([]);
    },
  );

  it.each([6, 7, 8])('[SIM10] plays the same seed the same way: %i', { timeout: LONG_MS }, async (seed) => {
    const script = drawScript(seed, SMALL.clients, SMALL.steps);
    const [first, second] = [await simulate(shared, script), await simulate(shared, script)];
    expect(second.trace).toEqual(first.trace);
    expect(second.digest).toBe(first.digest);
  });

  it.each(PLANTS)(
    `[SIM11] finds a plant within ${SEEDS_TO_FIND} seeds: %s`,
    { timeout: LONG_MS },
    async (plant) => {
      const found = await findPlant(shared, plant, 80);
      expect(found?.faults).not.toHaveLength(0);
    },
  );

  it.each(readdirSync(REGRESSIONS).filter((name) => name.endsWith('.json')))(
    '[SIM12] keeps what once failed: %s',
    { timeout: LONG_MS },
    async (name) => {
      const kept = readRegression(readFileSync(join(REGRESSIONS, name), 'utf8'));
      expect((await simulate(shared, kept)).faults).toEqual([]);
      if (kept.plant === null) return;
      const { faults } = await simulate(shared, kept, kept.plant);
      expect(faults).not.toEqual([]);
    },
  );

  it('[SIM12] makes a failing script small, and it still breaks the same rule', async () => {
    const script = drawScript(1, 3, 40);
    // Fails as long as two laptops both act: what that needs is two turns.
    const play = async ({ turns }: typeof script): Promise<string | undefined> => {
      const acting = new Set(turns.filter(({ what }) => what === 'act').map(({ who }) => who));
      return acting.has(0) && acting.has(1) ? 'SIM3 both have acted' : undefined;
    };
    const small = await shrink(script, play);
    expect(ruleOf(small?.fault ?? '')).toBe('SIM3');
    expect(small?.script.clients).toBe(2);
    expect(small?.script.turns.map(({ what }) => what)).toEqual(['act', 'act']);
  });
});
