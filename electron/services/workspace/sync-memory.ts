import { z } from 'zod';
import { KeptClockSchema } from '../sync/known-clock.ts';
import { JsonFile } from './json-file.ts';

const SyncMemorySchema = z.object({
  /** Since when the office's revocation is known, by the wall clock. */
  revokedMs: z.number().optional(),
  /** The user switched the network off for Faultline. */
  offline: z.boolean().optional(),
  metered: z.enum(['auto', 'on', 'off']).optional(),
  clock: KeptClockSchema.optional(),
});
type Remembered = z.infer<typeof SyncMemorySchema>;

/** What the engine remembers over a restart: what a person chose, what the server said of this device, and what its time was. */
export class SyncMemory {
  readonly #file: JsonFile<typeof SyncMemorySchema>;
  readonly #onFault: (thrown: unknown) => void;
  #known: Remembered = {};
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, onFault: (thrown: unknown) => void) {
    this.#file = new JsonFile(path, SyncMemorySchema);
    this.#onFault = onFault;
  }

  async read(): Promise<Remembered> {
    this.#known = (await this.#file.read()) ?? {};
    return this.#known;
  }

  remember(part: Remembered): void {
    this.#known = { ...this.#known, ...part };
    this.#writing = this.#file.write(this.#known).catch(this.#onFault);
  }

  /** What was to be remembered is on the disk, as far as it could be written. */
  settled(): Promise<void> {
    return this.#writing;
  }
}
