import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedDatabase } from './central-server.ts';
import { faultsOf } from './play.ts';

/** A file of its own, so that two workers share the seeds. */
describe('The simulation', () => {
  let shared: SharedDatabase;

  beforeAll(async () => {
    shared = await SharedDatabase.open();
  });
  afterAll(() => shared.close());

  it('[SIM1] [SIM3] [SIM6] holds in more worlds', { timeout: 400_000 }, async () => {
    expect(await faultsOf(shared, 1001, 80)).toEqual([]);
  });
});
