import type { ReconnectPreview, SyncStatus, UnsentBlob, Unsynced } from '#shared/host/sync.ts';
import type { Moment } from '#shared/sync/engine/events.ts';
import { measuredClock } from '#shared/sync/engine/clock-offset.ts';
import { initialState } from '#shared/sync/engine/state.ts';
import type { EngineTiming } from '#shared/sync/engine/timing.ts';
import type { Manifest, PullLine } from '#shared/sync/protocol.ts';
import type { BlobRef, BlobStore } from '../blobs/blob-store.ts';
import { Changes } from '../host/changes.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import { EngineDriver, type TellingEffect } from './engine-driver.ts';
import {
  type BlobUploads,
  type CarriedFacts,
  type CarriedLine,
  type EngineServer,
  type IdentityPort,
  systemTimers,
  type Timers,
} from './engine-ports.ts';
import { type KeptClock, KnownClock } from './known-clock.ts';
import { PageRequests } from './page-requests.ts';
import { EffectPerformer } from './perform-effects.ts';
import { Pokes } from './pokes.ts';
import { reconnectPreview } from './reconnect-preview.ts';
import type { ServerClient } from './server-client.ts';
import { syncStatus, unsyncedItems, uploadTryAt } from './sync-status.ts';
import { TransferMeter } from './transfer-meter.ts';
import { Watchdog } from './watchdog.ts';

export type SyncTiming = EngineTiming;
export type MeteredMode = 'auto' | 'on' | 'off';

export interface SyncEngineOptions<C extends EngineServer & CarriedLine = ServerClient> {
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly client: C;
  readonly clock: Clock;
  /** Between 0 and 1; spreads the return of many laptops after an outage. */
  readonly random: () => number;
  readonly timing?: Partial<SyncTiming> | undefined;
  /** Those of this process when not given. */
  readonly timers?: Timers | undefined;
  /** Without them attachments stay here. */
  readonly uploads?: BlobUploads | undefined;
  /** Facts of other laptops, taken in from bundles. */
  readonly carried?: CarriedFacts | undefined;
  readonly identity?: IdentityPort | undefined;
  /** Since when this device is known to be revoked, and how to remember it over a restart. */
  readonly revokedMs?: number | undefined;
  readonly onRevoked?: ((atMs: number) => void) | undefined;
  /** What the user chose before the restart, and how to remember it over the next. */
  readonly isOffline?: boolean | undefined;
  readonly onOffline?: ((isOffline: boolean) => void) | undefined;
  readonly metered?: MeteredMode | undefined;
  /** Whether the operating system calls the network metered, where it can tell. */
  readonly isNetworkMetered?: (() => boolean) | undefined;
  readonly onMeteredMode?: ((mode: MeteredMode) => void) | undefined;
  /** What was measured of the server's time before the restart, and how to remember it over the next. */
  readonly keptClock?: KeptClock | undefined;
  readonly onClock?: ((kept: KeptClock) => void) | undefined;
  /** Told of faults of the engine itself. */
  readonly onFault?: ((thrown: unknown) => void) | undefined;
}

/** Said until somebody logs in. */
const COPIED = {
  code: 'auth.copied',
  message:
    'This data folder is a copy, or was brought here from another disk, and a login is not copied along. Log in again; nothing is lost.',
};

/** What is under way at the end gets this long to end by itself. */
const CLOSE_MS = 5_000;

/**
 * Brings the facts and attachments of this laptop to the server, and fetches from it what a screen asks for. What it does when
 * is decided by the pure core in `shared/sync/engine`; `docs/spec/sync-engine.md` has the rules. Nothing here ever drops a fact.
 */
export class SyncEngine<C extends EngineServer & CarriedLine = ServerClient> {
  readonly pokes = new Pokes();
  readonly changes = new Changes();
  readonly #options: SyncEngineOptions<C>;
  readonly #driver: EngineDriver;
  readonly #meter: TransferMeter;
  readonly #watchdog: Watchdog;
  readonly #requests: PageRequests<C>;
  readonly #knownClock: KnownClock;
  readonly #stopListening: () => void;
  #meteredMode: MeteredMode;

  constructor(options: SyncEngineOptions<C>) {
    const { journal, blobs, client, clock, uploads, carried, identity } = options;
    const timers = options.timers ?? systemTimers;
    const monotonicMs = (): number => clock.monotonicMs();
    this.#options = options;
    this.#meteredMode = options.metered ?? 'auto';
    this.#meter = new TransferMeter(monotonicMs);
    this.#knownClock = new KnownClock(clock, options.keptClock, options.onClock);
    const { evidence } = this.#knownClock;
    if (evidence !== undefined) journal.noteClockOffset(evidence.offsetMs, evidence.uncertaintyMs);
    const dispatch = (event: Parameters<EngineDriver['dispatch']>[0]): void => this.#driver.dispatch(event);
    const performer = new EffectPerformer({
      journal,
      client,
      clock,
      uploads,
      carried,
      identity,
      meter: this.#meter,
      dispatch,
    });
    this.#driver = new EngineDriver({
      initial: initialState({
        timing: options.timing,
        hasLogin: client.token !== undefined,
        nowMs: clock.nowMs(),
        monotonicMs: monotonicMs(),
        isPaused: options.isOffline,
        isMetered: this.#isMetered(),
        revokedMs: options.revokedMs ?? null,
        trouble: journal.isCopy && client.token === undefined ? COPIED : null,
      }),
      timers,
      moment: () => this.#moment(),
      perform: (effect, signal) => performer.perform(effect, signal),
      tell: (effect) => this.#tell(effect),
      onChange: () => this.changes.notify(),
      onFault: (thrown) => options.onFault?.(thrown),
    });
    this.#requests = new PageRequests({
      client,
      clock,
      journal,
      blobs,
      meter: this.#meter,
      dispatch,
      changed: () => this.changes.notify(),
      state: () => this.#driver.state,
    });
    this.#watchdog = new Watchdog({
      timers,
      monotonicMs,
      state: () => this.#driver.state,
      restart: () => dispatch({ is: 'restart' }),
    });
    this.#stopListening = journal.onRecord((record) => {
      this.changes.notify();
      if (record.k === 'events' || record.k === 'released') dispatch({ is: 'work' });
    });
  }

  start(): void {
    this.#driver.dispatch({ is: 'started' });
    this.#watchdog.start();
  }

  async close(): Promise<void> {
    this.#stopListening();
    this.#watchdog.stop();
    this.#driver.dispatch({ is: 'closed' });
    this.#requests.close();
    await this.#driver.settled(CLOSE_MS);
  }

  async status(): Promise<SyncStatus> {
    const { journal, clock } = this.#options;
    const status = syncStatus({
      state: this.#driver.state,
      journal,
      uploads: await this.unsentBlobs(),
      meter: this.#meter,
      nowMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
    });
    const { carried } = this.#options;
    return {
      ...status,
      clock: status.clock ?? this.#knownClock.shown,
      meteredMode: this.#meteredMode,
      carried: carried?.count ?? 0,
      carriedRefused: carried?.refused ?? null,
      carriedDenied: [...(carried?.denied ?? [])],
    };
  }

  /** Facts without a last good word of the server. */
  unsynced(): Unsynced[] {
    const { journal, clock } = this.#options;
    return unsyncedItems(journal, this.#driver.state, clock.nowMs());
  }

  async unsentBlobs(): Promise<UnsentBlob[]> {
    const listed = (await this.#options.uploads?.list()) ?? [];
    const { state } = this.#driver;
    const nowMs = this.#options.clock.nowMs();
    return listed.map((blob) => ({ ...blob, nextTryAt: uploadTryAt(state, blob.state, nowMs) }));
  }

  /** What the next connection will do. */
  async preview(): Promise<ReconnectPreview> {
    const [status, uploads] = [await this.status(), await this.unsentBlobs()];
    const bytesPerSecond = this.#meter.lastBytesPerSecond;
    return reconnectPreview({ items: this.unsynced(), uploads, status, bytesPerSecond });
  }

  /** Sends and asks now, also in the middle of a pause after a failure. */
  now(): void {
    this.#options.carried?.retryRefused();
    this.#driver.dispatch({ is: 'asked' });
  }

  /** Gives up the carried facts that the server does not take. @returns how many. */
  async dropCarried(): Promise<number> {
    const dropped = (await this.#options.carried?.drop()) ?? 0;
    this.changes.notify();
    return dropped;
  }

  async noteDeniedSeen(): Promise<void> {
    await this.#options.carried?.noteDeniedSeen();
    this.changes.notify();
  }

  setOffline(isOffline: boolean): void {
    this.#options.onOffline?.(isOffline);
    this.#driver.dispatch({ is: 'paused', isPaused: isOffline });
    if (isOffline) this.#requests.stopAll();
  }

  setMetered(mode: MeteredMode): void {
    this.#meteredMode = mode;
    this.#options.onMeteredMode?.(mode);
    this.#driver.dispatch({ is: 'metered', isMetered: this.#isMetered() });
    this.changes.notify();
  }

  /** A fresh login: what waited for it goes on. Without `token` the client has it already. */
  loggedIn(token?: string): void {
    if (token !== undefined) this.#options.client.token = token;
    this.#driver.dispatch({ is: 'loggedIn' });
  }

  /** One pull, in batches, up to its end line. */
  pull(
    epoch: string | null,
    cursors: Record<string, number>,
    signal: AbortSignal,
  ): AsyncGenerator<PullLine[]> {
    return this.#requests.pull(epoch, cursors, signal);
  }

  entity(key: string, signal: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#requests.ask((client, ours) => client.entity(key, ours), signal);
  }

  /** Of all visible scopes, or of one. */
  bootstrap(signal: AbortSignal, scope?: string): Promise<Manifest> {
    return this.#requests.bootstrap(signal, scope);
  }

  /** @param left bytes of all segments that are still to be fetched, this one among them. */
  segment(sha256: string, signal: AbortSignal, left?: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#requests.segment(sha256, signal, left);
  }

  once<T>(work: (client: C, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#requests.once(work, signal);
  }

  /** Makes sure that a blob is on this computer. */
  fetchBlob(sha256: string, signal: AbortSignal): Promise<BlobRef> {
    return this.#requests.fetchBlob(sha256, signal);
  }

  #moment(): Moment {
    const { clock, random } = this.#options;
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), random: random() };
  }

  #tell(effect: TellingEffect): void {
    const { journal } = this.#options;
    if (effect.do === 'noteRevoked') this.#options.onRevoked?.(effect.atMs);
    else if (effect.do === 'tellPage') {
      this.pokes.emit(effect.reason);
      // The moment to look whether the network has become another one.
      if (this.#meteredMode === 'auto')
        this.#driver.dispatch({ is: 'metered', isMetered: this.#isMetered() });
    } else if (effect.measured === null) journal.noteClockOffset(undefined);
    else {
      const { offsetMs, uncertaintyMs } = effect.measured;
      journal.noteClockOffset(Math.round(offsetMs), Math.ceil(uncertaintyMs));
      const { nowMs, monotonicMs } = this.#moment();
      const best = measuredClock(this.#driver.state.clock, monotonicMs);
      this.#knownClock.note({ offsetMs, uncertaintyMs, measuredMs: best?.measuredMs ?? nowMs });
    }
  }

  #isMetered(): boolean {
    if (this.#meteredMode !== 'auto') return this.#meteredMode === 'on';
    return this.#options.isNetworkMetered?.() ?? false;
  }
}
