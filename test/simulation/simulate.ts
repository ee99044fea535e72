import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventDraft } from '#shared/events/envelope.ts';
import { Stuck } from './activity.ts';
import { checkLaptop } from './check-laptop.ts';
import { checkBlobs } from './check-blobs.ts';
import { checkServer } from './check-server.ts';
import { checkWiped, quarantinedOf } from './check-wiped.ts';
import { CentralServer, type SharedDatabase } from './central-server.ts';
import { LaptopFiles } from './laptop-files.ts';
import { Laptop, type Person } from './laptop.ts';
import { Network } from './network.ts';
import { PlantedLines, type Plant } from './plants.ts';
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
  const network = new Network({
    random: random.fork('network'),
    serve: (request) => server.handle(request),
    trace: note,
    planted: new PlantedLines(plant),
  });
  const files = new LaptopFiles();
  const laptops: Laptop[] = [];
  const attempted = new Map<string, EventDraft>();
  const exportDir = join(folder, 'exports');
  const placesOf = (name: string) => ({
    folder: join(folder, name),
    quarantineDir: join(exportDir, name),
  });
  const common = { tenant: server.tenant, exportDir, time, network, files };
  try {
    await mkdir(exportDir);
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
      const laptop = new Laptop({ ...common, ...placesOf(name), name, person, clock, random: own });
      laptops.push(laptop);
      time.ms += 1000;
      await laptop.start();
      await laptop.logIn();
      if (index < 2) {
        const drafts = firstFacts(laptop.decideContext(own), person.region);
        for (const draft of drafts) attempted.set(draft.id, draft);
        await laptop.save(drafts);
        await laptop.syncNow();
      }
      await laptop.pull();
    }
    const copy = async (origin: Laptop, own: Random): Promise<Laptop> => {
      const name = `laptop-${laptops.length + 1}`;
      const clock = new DeviceClock(time, name, own.between(-2 * DAY_MS, 2 * DAY_MS), 1);
      const { person, folder: from } = origin;
      const places = placesOf(name);
      const { folder: to } = places;
      // Without a promise: this is nothing that the laptop does.
      cpSync(from, to, { recursive: true });
      const laptop = new Laptop({ ...common, ...places, name, person, clock, random: own, origin });
      // Each line has an address of its own; to a copied program it is the same server.
      const file = join(to, 'workspace.json');
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll(origin.address, laptop.address));
      laptops.push(laptop);
      return laptop;
    };
    const schedule = new Schedule({ script, time, server, office, network, laptops, copy, attempted, note });
    const faults: string[] = [];
    let ticksToQuiet = 0;
    try {
      await schedule.run();
      ticksToQuiet = await schedule.heal(TICKS_TO_QUIET);
      if (ticksToQuiet > TICKS_TO_QUIET)
        faults.push(`SIM6 not quiet after ${TICKS_TO_QUIET} ticks: ${await schedule.unrest()}`);
      const truth = await readTruth(shared.database, server.tenant);
      const quarantined = await quarantinedOf(laptops);
      faults.push(
        ...checkServer(truth, laptops, attempted, office, {
          quarantined: quarantined.facts,
          clonedDevices: schedule.clonedDevices,
          overtakenDevices: schedule.restores > 0 ? schedule.carriedDevices : new Set(),
        }),
      );
      faults.push(...(await checkBlobs(truth, server, quarantined.attachments)));
      for (const laptop of laptops)
        faults.push(...(await (laptop.isWiped ? checkWiped(laptop) : checkLaptop(laptop, truth, office))));
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
    files.close();
  }
}
