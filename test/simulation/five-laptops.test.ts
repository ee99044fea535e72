import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedDatabase } from './central-server.ts';
import { faultsOf, portionsOf } from './play.ts';

/** A file of its own, so that the workers share the seeds. */
describe("The simulation of five laptops, one of them an administrator's", () => {
  let shared: SharedDatabase;

  beforeAll(async () => {
    shared = await SharedDatabase.open();
  });
  afterAll(() => shared.close());

  it.each(portionsOf({ first: 3001, count: 80, clients: 5, steps: 40 }))(
    '[SIM1] [SIM3] [SIM4] [SIM6] holds in worlds of many shapes: $count from $first',
    { timeout: 400_000 },
    async (seeds) => {
      expect(await faultsOf(shared, seeds)).toEqual([]);
    },
  );
});
