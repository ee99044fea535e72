import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedDatabase } from './central-server.ts';
import { faultsOf, portionsOf } from './play.ts';

/** A file of its own, so that the workers share the seeds. */
describe('The simulation of four laptops', () => {
  let shared: SharedDatabase;

  beforeAll(async () => {
    shared = await SharedDatabase.open();
  });
  afterAll(() => shared.close());

  it.each([
    ...portionsOf({ first: 2001, count: 80, clients: 4, steps: 60 }),
    // Some things need a long life: what `npm run sim` plays when nothing else is said.
    ...portionsOf({ first: 31, count: 20, clients: 4, steps: 200 }),
  ])(
    '[SIM1] [SIM3] [SIM4] [SIM6] holds in worlds of many shapes: $count from $first',
    { timeout: 400_000 },
    async (seeds) => {
      expect(await faultsOf(shared, seeds)).toEqual([]);
    },
  );
});
