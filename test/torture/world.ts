import type { Postgres } from '#test/support/postgres.ts';
import { Random } from '#test/simulation/random.ts';
import { Central } from './central.ts';
import { Laptop } from './laptop.ts';
import { Ledger } from './ledger.ts';
import {
  checkBlobs,
  checkLaptop,
  checkServer,
  entriesBehind,
  isBehind,
  truthOf,
  type Fault,
} from './oracle.ts';
import type { Answer } from './page/told.ts';
import { Patience } from './patience.ts';

const USERS = ['li.wei', 'zhang.min', 'wang.fang'] as const;
/**
 * From the end of all faults until everything is everywhere. Standing still: more than the longest wait that the product has
 * here. In all: what thousands of facts need that were written beside a long fault.
 */
const SETTLE = { withoutProgressMs: 120_000, inAllMs: 600_000 };

/** What a laptop still waits for, and how much it is. */
interface Wait {
  readonly why: string;
  readonly left: number;
}

function isUnfinished({ incomplete, damaged }: Answer): string | undefined {
  if (incomplete.length > 0) return `${incomplete.length} rows wait for their facts`;
  return damaged.length > 0 ? `${damaged.join()} are damaged` : undefined;
}

/** A host that does its work needs a fifth of it: more is work that goes round in a circle. */
const MOST_MEGABYTES = 700;

/** One server and its laptops, all of them real processes. */
export class World {
  readonly random: Random;
  readonly central: Central;
  readonly postgres: Postgres | undefined;
  readonly laptops: readonly Laptop[];
  readonly ledger: Ledger;
  readonly backups: string[] = [];
  isPostgresDown = false;

  private constructor(random: Random, parts: Pick<World, 'central' | 'postgres' | 'laptops' | 'ledger'>) {
    this.random = random;
    this.central = parts.central;
    this.postgres = parts.postgres;
    this.laptops = parts.laptops;
    this.ledger = parts.ledger;
  }

  /** With two or three laptops: one on a small disk, one whose clock can be set. */
  static async open(seed: number, rendererDir: string, postgres?: Postgres): Promise<World> {
    const random = new Random(`torture/${seed}`);
    const ledger = new Ledger();
    const central = await Central.open(postgres);
    const laptops: Laptop[] = [];
    try {
      const count = 2 + random.int(2);
      for (let n = 0; n < count; n++)
        laptops.push(
          await Laptop.open({
            name: `laptop-${n + 1}`,
            user: random.pick(USERS),
            seed: `${seed}/${n}`,
            serverUrl: central.url,
            rendererDir,
            ledger,
            ...(n === 0 && { smallDiskMb: 96 }),
            ...(n === 1 && { canTravel: true }),
          }),
        );
      return new World(random, { central, postgres, laptops, ledger });
    } catch (thrown) {
      for (const laptop of laptops) await laptop.close();
      await central.close();
      throw thrown;
    }
  }

  /** Everybody writes, or nobody does any more. */
  async write(isWriting: boolean): Promise<void> {
    await Promise.all(this.laptops.map((laptop) => laptop.write(isWriting)));
  }

  /** Whatever was killed runs again; disks have room. Networks and clocks stay as they are. */
  async startEverything(): Promise<void> {
    for (const { disk } of [this.central, ...this.laptops]) await disk?.free().catch(() => undefined);
    if (this.isPostgresDown) await this.postgres?.startAgain();
    this.isPostgresDown = false;
    await this.central.start();
    await Promise.all(this.laptops.map((laptop) => laptop.start()));
  }

  /** All faults end. Connections that a dead network has left behind are the laptops' own affair, but for some. */
  async heal(): Promise<void> {
    await this.startEverything();
    for (const laptop of this.laptops) {
      laptop.time?.set('+0s');
      laptop.proxy.set({ k: 'open' });
      if (this.random.chance(0.7)) laptop.proxy.resetAll();
    }
  }

  /** Waits until nothing is on its way, and asks the database and every laptop. */
  async check(): Promise<Fault[]> {
    await this.heal();
    await this.write(false);
    const unsettled = await this.#untilSettled(async ({ unsynced, unsentBlobs }) => {
      const left = unsynced.length + unsentBlobs.length;
      if (left === 0) return undefined;
      return { why: unsynced.length > 0 ? 'facts wait' : 'attachments wait', left };
    });
    if (unsettled !== undefined) return [unsettled];
    const truth = await this.central.read(truthOf);
    const shown = new Map<string, Fault[]>();
    const behind = await this.#untilSettled(async (answer, laptop) => {
      const why = isBehind(answer.cursors, laptop, truth) ?? isUnfinished(answer);
      // A store that is being rebuilt says so.
      if (why === undefined) {
        shown.set(laptop.name, await checkLaptop(laptop, truth));
        return undefined;
      }
      const { incomplete, damaged } = answer;
      return {
        why,
        left: entriesBehind(answer.cursors, laptop, truth) + incomplete.length + damaged.length,
      };
    });
    return [
      ...checkServer(truth, this.ledger),
      ...(await checkBlobs(truth, this.central, this.ledger)),
      ...(behind === undefined ? [] : [behind]),
      ...this.laptops.flatMap(({ name, hostMegabytes }): Fault[] =>
        hostMegabytes < MOST_MEGABYTES
          ? []
          : [{ kind: 'other', text: `the host of ${name} has grown to ${Math.round(hostMegabytes)} MB` }],
      ),
      ...[...shown.values()].flat(),
    ];
  }

  get died(): string[] {
    return [this.central, ...this.laptops].flatMap(({ died }) => died);
  }

  async close(): Promise<void> {
    for (const laptop of this.laptops) await laptop.close();
    if (this.isPostgresDown) await this.postgres?.startAgain();
    await this.central.close();
  }

  /** @param whyNot what a laptop still waits for. @returns a fault when it takes too long. */
  async #untilSettled(
    whyNot: (answer: Answer, laptop: Laptop) => Promise<Wait | undefined>,
  ): Promise<Fault | undefined> {
    for (const laptop of this.laptops) {
      const patience = new Patience(SETTLE, performance.now());
      for (;;) {
        let why: string | undefined;
        let left: number | undefined;
        let told = '';
        try {
          const answer = await laptop.answer();
          const wait = await whyNot(answer, laptop);
          left = wait?.left;
          why =
            wait?.why ??
            (answer.state === 'online' && answer.isBootstrapped ? undefined : `it is ${answer.state}`);
          told = JSON.stringify({
            ...answer,
            unsynced: answer.unsynced.slice(0, 3),
            count: answer.unsynced.length,
          });
        } catch (thrown) {
          why = String(thrown);
        }
        if (why === undefined) break;
        if (patience.isOver(performance.now(), left))
          return {
            kind: 'stuck',
            text: `${laptop.name}: ${why} ${told}\n${laptop.hostErrors.slice(-3_000)}\n${this.central.errors.slice(-3_000)}`,
          };
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    return undefined;
  }
}
