import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventDraft } from '#shared/events/envelope.ts';
import { Stuck } from './activity.ts';
import { checkLaptop } from './check-laptop.ts';
import { checkServer } from './check-server.ts';
import { CentralServer, type SharedDatabase } from './central-server.ts';
import { Laptop, type Person } from './laptop.ts';
import { Network } from './network.ts';
import type { Plant } from './plants.ts';
import { Random } from './random.ts';
import { Schedule } from './schedule.ts';
import type { Script } from './script.ts';
import { firstFacts } from './first-facts.ts';
import { Office } from './office.ts';
import { readTruth } from './truth.ts';
import { DeviceClock, VirtualTime } from './virtual-time.ts';

export interface SimulationResult {
  /** What did not hold, each with the rule's id; empty when all did. */
  readonly faults: readonly string[];
  /** SHA-256 over everything that was done and drawn, in order. */
  readonly digest: string;
  readonly facts: number;
  readonly crashes: number;
  readonly restores: number;
  readonly ticksToQuiet: number;
  readonly trace: readonly string[];
}

/** SIM6: after the faults have ended, everything is settled within this many rounds of push and pull. */
export const TICKS_TO_QUIET = 6;

const DAY_MS = 86_400_000;
const PEOPLE: readonly Person[] = [
  { id: 'wang.fang', roles: ['manager'], region: 'sz' },
  { id: 'zhao.bj', roles: ['engineer'], region: 'bj' },
  { id: 'li.wei', roles: ['engineer'], region: 'sz' },
  // The same person on a second laptop.
  { id: 'li.wei', roles: ['engineer'], region: 'sz' },
  { id: 'admin', roles: ['admin'], region: 'sz' },
];

let worlds = 0;

/** Plays one script, with a mistake put in or without, and looks at what is left. Takes the global `fetch` while it runs: one at a time. */
export async function simulate(
  shared: SharedDatabase,
  script: Script,
  plant?: Plant,
): Promise<SimulationResult> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-simulation-'));
  const trace: string[] = [];
  const random = new Random(`seed ${script.seed}`);
  const time = new VirtualTime();
  const server = new CentralServer(shared, `world-${++worlds}`, time, plant);
  const note = (what: string): void => void trace.push(what.replaceAll(server.tenant, 'world'));
  const network = new Network(random.fork('network'), (request) => server.handle(request), note);
  const laptops: Laptop[] = [];
  const attempted = new Map<string, EventDraft>();
  try {
    await server.start();
    const people = PEOPLE.slice(0, script.clients);
    const office = new Office(server.officeLine);
    await office.open(people);
    network.isFaulty = false;
    for (const [index, person] of people.entries()) {
      const name = `laptop-${index + 1}`;
      const own = random.fork(name);
      const skew = own.between(-2 * DAY_MS, 2 * DAY_MS);
      const clock = new DeviceClock(time, name, skew, own.between(0.999, 1.001));
      await mkdir(join(folder, name));
      const laptop = new Laptop({
        name,
        person,
        folder: join(folder, name),
        clock,
        time,
        random: own,
        network,
        server,
        plant,
      });
      laptops.push(laptop);
      await laptop.logIn();
      await laptop.start();
      if (index < 2) {
        const drafts = firstFacts(laptop.decideContext(own), person.region);
        for (const draft of drafts) attempted.set(draft.id, draft);
        await laptop.save(drafts);
        await laptop.syncNow();
      }
      await laptop.pull();
    }
    const schedule = new Schedule({ script, time, server, office, network, laptops, attempted, note });
    const faults: string[] = [];
    let ticksToQuiet = 0;
    try {
      await schedule.run();
      ticksToQuiet = await schedule.heal(TICKS_TO_QUIET);
      if (ticksToQuiet > TICKS_TO_QUIET)
        faults.push(`SIM6 not quiet after ${TICKS_TO_QUIET} ticks: ${await schedule.unrest()}`);
      const truth = await readTruth(shared.database, server.tenant);
      faults.push(...checkServer(truth, laptops, attempted, office));
      for (const laptop of laptops) faults.push(...(await checkLaptop(laptop, truth, office)));
    } catch (thrown) {
      if (!(thrown instanceof Stuck)) throw thrown;
      faults.push(`SIM6 ${thrown.message}`);
    }
    faults.push(...schedule.faults);
    for (const { name, troubles } of laptops)
      faults.push(...troubles.map((trouble) => `SIM9 ${name}: ${trouble}`));
    return {
      faults,
      digest: createHash('sha256').update(trace.join('\n')).digest('hex'),
      facts: attempted.size,
      crashes: schedule.crashes,
      restores: schedule.restores,
      ticksToQuiet,
      trace,
    };
  } finally {
    for (const laptop of laptops) await laptop.abandon();
    network.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
