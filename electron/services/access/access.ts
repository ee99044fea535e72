import { z } from 'zod';
import { HostError } from '#shared/host/errors.ts';
import type { Clock } from '../journal/clock.ts';
import type { Vault } from '../vault/vault.ts';
import { JsonFile } from '../workspace/json-file.ts';

const FailuresSchema = z.object({ failures: z.number().int().nonnegative(), lastAt: z.number() });

/** Typing errors cost nothing up to here. */
const FREE_TRIES = 5;
const FIRST_DELAY_MS = 2_000;
const LONGEST_DELAY_MS = 15 * 60_000;

/**
 * Whether the known user has let himself in. It locks the screen, not the sync: what is sent and fetched goes on while the
 * login allows it. After a restart the passphrase itself is needed, because without it nothing can be unsealed.
 */
export class Access {
  readonly #vault: Vault;
  readonly #clock: Clock;
  readonly #file: JsonFile<typeof FailuresSchema>;
  #isLocked: boolean;
  #failures: z.infer<typeof FailuresSchema>;
  #trying: Promise<unknown> = Promise.resolve();

  private constructor(vault: Vault, clock: Clock, file: JsonFile<typeof FailuresSchema>, isLocked: boolean) {
    this.#vault = vault;
    this.#clock = clock;
    this.#file = file;
    this.#isLocked = isLocked;
    this.#failures = { failures: 0, lastAt: 0 };
  }

  /** @param file remembers failed tries, so that starting again does not forgive them. */
  static async open(vault: Vault, clock: Clock, file: string): Promise<Access> {
    const kept = new JsonFile(file, FailuresSchema);
    const access = new Access(vault, clock, kept, (await vault.state()) === 'locked');
    access.#failures = (await kept.read()) ?? access.#failures;
    return access;
  }

  get state(): 'open' | 'locked' {
    return this.#isLocked ? 'locked' : 'open';
  }

  /** @throws HostError `app.noLock` when there is no passphrase that could unlock it. */
  async lock(): Promise<void> {
    const state = await this.#vault.state();
    if (state !== 'passphrase' && state !== 'locked')
      throw new HostError(
        'app.noLock',
        'There is no passphrase to unlock with. Lock the screen of the computer instead, or make a vault with a passphrase.',
      );
    this.#isLocked = true;
  }

  /**
   * Lets the user in. Tries come one after the other.
   * @throws HostError `vault.wrongPassphrase`, `app.unlockThrottled` (`detail.waitSeconds`).
   */
  unlock(passphrase: string): Promise<void> {
    const trying = this.#trying.then(() => this.#unlock(passphrase));
    this.#trying = trying.catch(() => undefined);
    return trying;
  }

  /** @throws HostError `app.locked`. */
  demandOpen(): void {
    if (this.#isLocked)
      throw new HostError(
        'app.locked',
        'This laptop is locked. Enter the passphrase first; nothing is lost.',
      );
  }

  /** There is no vault any more that could hold anybody back. */
  release(): void {
    this.#isLocked = false;
  }

  async #unlock(passphrase: string): Promise<void> {
    const waitMs = this.#waitMs();
    if (waitMs > 0) {
      const waitSeconds = Math.ceil(waitMs / 1000);
      throw new HostError(
        'app.unlockThrottled',
        `Too many wrong passphrases. Try again in ${waitSeconds} seconds.`,
        { waitSeconds },
      );
    }
    // Written before the try: switching the laptop off at a wrong one does not undo it.
    const before = this.#failures;
    await this.#keep({ failures: before.failures + 1, lastAt: this.#clock.nowMs() });
    if ((await this.#vault.state()) === 'locked') await this.#vault.unlock(passphrase);
    else await this.#vault.verify(passphrase);
    await this.#keep({ failures: 0, lastAt: 0 });
    this.#isLocked = false;
  }

  #waitMs(): number {
    const { failures, lastAt } = this.#failures;
    if (failures < FREE_TRIES) return 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - FREE_TRIES), LONGEST_DELAY_MS);
    // A clock that was set back must not lock anybody out for years.
    const passed = Math.max(this.#clock.nowMs() - lastAt, 0);
    return lastAt > this.#clock.nowMs() + LONGEST_DELAY_MS ? 0 : delay - passed;
  }

  async #keep(failures: z.infer<typeof FailuresSchema>): Promise<void> {
    this.#failures = failures;
    await this.#file.write(failures).catch((thrown: unknown) => {
      // A full disk must not keep the known user out: it counts until the next start.
      if (!(thrown instanceof HostError) || thrown.code !== 'host.diskFull') throw thrown;
    });
  }
}
