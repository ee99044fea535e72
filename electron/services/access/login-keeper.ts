import { z } from 'zod';
import { HostError } from '#shared/host/errors.ts';
import type { RefreshAnswer, RefreshRequest } from '#shared/sync/protocol.ts';
import type { Clock } from '../journal/clock.ts';
import { needsLogin, SyncError } from '../sync/sync-error.ts';
import type { Tokens } from '../sync/tokens.ts';
import { SingleFlight } from '../workspace/single-flight.ts';
import type { Vault } from '../vault/vault.ts';
import { type DeviceKey, openDeviceKey } from './device-key.ts';

const NAME = 'server-login';
/** Where versions before kept a token without a refresh token. */
const OLD_NAME = 'server-token';
/** Renewed so long before its end; one with a short life when a fifth of it is left. */
const EARLY_MS = 60_000;
const LONGEST_LIFE_MS = 24 * 60 * 60 * 1000;

const PairSchema = z.object({
  token: z.string(),
  expiresAt: z.string(),
  refreshToken: z.string().optional(),
  refreshExpiresAt: z.string().optional(),
});
type Pair = z.infer<typeof PairSchema>;

export interface LoginKeeperOptions {
  readonly vault: Vault;
  readonly clock: Clock;
  /** The device that the login belongs to. */
  readonly device: () => string;
  /** Told when a refresh has brought the user's standing: name, roles, scopes. */
  readonly onStanding?: (answer: RefreshAnswer) => void;
}

/**
 * The login at the server: kept sealed, renewed with the device's key. A pair is on the disk before it is used; should the
 * laptop die between the answer and that, the server's grace window gives it once more.
 */
export class LoginKeeper implements Tokens {
  readonly #options: LoginKeeperOptions;
  #pair: Pair | undefined;
  #key: DeviceKey | undefined;
  /** Why the server took the last login no more; whoever asks later is told the same, until there is another. */
  #endedBy: unknown;
  /** By the monotonic clock of this run; `undefined` when it cannot be told. */
  #dueMs: number | undefined;
  readonly #renewals = new SingleFlight<void>();

  constructor(options: LoginKeeperOptions) {
    this.#options = options;
  }

  get token(): string | undefined {
    return this.#pair?.token;
  }

  get isDue(): boolean {
    if (this.#pair?.refreshToken === undefined || this.#dueMs === undefined) return false;
    return this.#options.clock.monotonicMs() >= this.#dueMs;
  }

  /** Reads what the vault holds. @returns whether there is a login now. */
  async load(): Promise<boolean> {
    const { vault } = this.#options;
    const text = await vault.readInternal(NAME);
    const old = text === undefined ? await vault.readInternal(OLD_NAME) : undefined;
    if (text !== undefined) this.#pair = parsePair(text);
    else if (old !== undefined) this.#pair = { token: old, expiresAt: '' };
    return this.#pair !== undefined;
  }

  /** The device's key; read while the vault is open, so that a locked laptop can still renew its login. */
  async key(): Promise<DeviceKey> {
    this.#key ??= await openDeviceKey(this.#options.vault);
    return this.#key;
  }

  /** A key made anew takes the place of the one before. */
  replaceKey(key: DeviceKey): void {
    this.#key = key;
  }

  /** Writes a pair down, then uses it; on a full disk it is used all the same. */
  async keep(answer: Pair): Promise<void> {
    const { vault, clock } = this.#options;
    const pair = PairSchema.parse(answer);
    try {
      await vault.keepInternal(NAME, JSON.stringify(pair));
      await vault.removeInternal(OLD_NAME);
    } catch (thrown) {
      // The one before is spent. On a full disk this one counts until the restart, and the vault's next write has it.
      if (!(thrown instanceof HostError) || thrown.code !== 'host.diskFull') throw thrown;
    }
    this.#pair = pair;
    this.#endedBy = undefined;
    // By this laptop's clock, which may be off: an impossible length of life says nothing, and the server will.
    const lifeMs = Date.parse(pair.expiresAt) - clock.nowMs();
    this.#dueMs =
      lifeMs > 0 && lifeMs <= LONGEST_LIFE_MS
        ? clock.monotonicMs() + Math.max(lifeMs - EARLY_MS, lifeMs * 0.8)
        : undefined;
  }

  /** Forgets the login: the server takes it no more. */
  async forget(): Promise<void> {
    this.#pair = undefined;
    await this.#options.vault.removeInternal(NAME);
    await this.#options.vault.removeInternal(OLD_NAME);
  }

  /** Forgets the login and the key: what comes next is another device. The vault has forgotten it by itself. */
  async forgetDevice(): Promise<void> {
    await this.forget();
    this.#endedBy = undefined;
    this.#key = undefined;
  }

  renew(spent: string | undefined, ask: (request: RefreshRequest) => Promise<RefreshAnswer>): Promise<void> {
    return this.#renewals.run(async () => {
      if (this.#pair !== undefined && this.#pair.token !== spent) return;
      await this.#renew(ask);
    });
  }

  async #renew(ask: (request: RefreshRequest) => Promise<RefreshAnswer>): Promise<void> {
    const before = this.#pair;
    const refreshToken = before?.refreshToken;
    if (refreshToken === undefined) throw needsLogin(this.#endedBy);
    const device = this.#options.device();
    const at = new Date(this.#options.clock.nowMs()).toISOString();
    const signature = (await this.key()).sign(`faultline-refresh\n${device}\n${refreshToken}\n${at}`);
    let answer: RefreshAnswer;
    try {
      answer = await ask({ device, refreshToken, at, signature });
    } catch (thrown) {
      if (this.#isOver(before)) return;
      if (!(thrown instanceof SyncError) || !ENDS_LOGIN.has(thrown.code)) throw thrown;
      this.#endedBy = thrown.detail['serverCode'];
      await this.forget();
      throw needsLogin(this.#endedBy);
    }
    if (this.#isOver(before)) return;
    await this.keep(answer);
    this.#options.onStanding?.(answer);
  }

  /**
   * Whether there is another login since: what is said of this one concerns nobody any more. The laptop may have been wiped.
   * @throws SyncError `sync.needsLogin` when there is none.
   */
  #isOver(before: Pair | undefined): boolean {
    if (this.#pair === before) return false;
    if (this.#pair === undefined) throw needsLogin(this.#endedBy);
    return true;
  }
}

/** Said by our server of a refresh token that it will never take again. */
const ENDS_LOGIN: ReadonlySet<string> = new Set(['sync.needsLogin', 'sync.refusedRequest']);

function parsePair(text: string): Pair | undefined {
  try {
    return PairSchema.parse(JSON.parse(text));
  } catch {
    // Of another version: one logs in again.
    return undefined;
  }
}
