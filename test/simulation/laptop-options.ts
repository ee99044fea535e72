import type { LaptopFiles } from './laptop-files.ts';
import type { Laptop, Person } from './laptop.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { DeviceClock, VirtualTime } from './virtual-time.ts';

/** Whose laptop it is, and what stands around it. */
export interface LaptopOptions {
  readonly name: string;
  readonly person: Person;
  readonly tenant: string;
  /** Its data folder. */
  readonly folder: string;
  /** Where people keep files that the program gives them. */
  readonly exportDir: string;
  /** Where a wipe leaves what was not handed over. */
  readonly quarantineDir: string;
  readonly clock: DeviceClock;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: Network;
  readonly files: LaptopFiles;
  /** The laptop whose data folder was copied, if this one got a copy of everything. */
  readonly origin?: Laptop;
}
