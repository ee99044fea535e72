import { join } from 'node:path';
import { sealWithPassphrase } from '#electron/services/bundle/bundle-key.ts';
import { takeInBundle } from '#electron/services/bundle/take-in.ts';
import { bundleUnsent } from '#electron/services/bundle/unsent-work.ts';
import type { Laptop } from './laptop.ts';
import { PASSPHRASE, QUICK } from './memory-vault.ts';
import type { Random } from './random.ts';

/** The files that people have made of their unsent work, and hand to each other. */
export class Bundles {
  readonly #paths: string[] = [];
  readonly #devicesIn = new Map<string, ReadonlySet<string>>();
  /** Devices of whose facts some were brought by others. */
  readonly carriedDevices = new Set<string>();

  /** @returns how many facts are in it; `undefined` when it could not be made. */
  async make(laptop: Laptop): Promise<number | undefined> {
    const { holder, exportDir, clock, name } = laptop;
    const path = join(exportDir, `${name}-${this.#paths.length + 1}.faultline`);
    const devices = laptop.journal.outbox().map(({ event }) => event.device);
    const made = await laptop.attempt(async () => {
      const seal = await sealWithPassphrase(PASSPHRASE, QUICK);
      return bundleUnsent(path, seal, await holder.unsent(), clock.nowMs());
    });
    if (made !== undefined) {
      this.#paths.push(path);
      this.#devicesIn.set(path, new Set(devices));
    }
    return made?.events;
  }

  /** Somebody takes one of them in, maybe not for the first time. @returns how many facts were new there. */
  async takeIn(laptop: Laptop, random: Random): Promise<number | undefined> {
    if (this.#paths.length === 0) return undefined;
    const path = random.pick(this.#paths);
    const taken = await laptop.attempt(async () => {
      const { tenant, journal, carried, blobs } = await laptop.holder.unsent();
      const knows = (id: string): boolean => journal.knows(id);
      return takeInBundle({ path, passphrase: PASSPHRASE, tenant, blobs, carried, knows });
    });
    if (taken === undefined) return undefined;
    for (const device of this.#devicesIn.get(path) ?? []) this.carriedDevices.add(device);
    await laptop.syncNow();
    return taken.events - taken.known;
  }
}
