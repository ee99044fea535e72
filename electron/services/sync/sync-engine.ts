import type { SyncStatus } from '#shared/host/sync.ts';
import { type Hello, type PullLine, SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import type { BlobRef, BlobStore } from '../blobs/blob-store.ts';
import { Changes } from '../host/changes.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import { Pokes } from './pokes.ts';
import { pushEvents } from './push-events.ts';
import type { ServerClient } from './server-client.ts';
import { cutOff, offline, SyncError } from './sync-error.ts';

export interface SyncTiming {
  /** Floor of polling: correctness never depends on a poke. */
  readonly pollMs: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export interface SyncEngineOptions {
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly client: ServerClient;
  readonly clock: Clock;
  /** Between 0 and 1; spreads the return of many laptops after an outage. */
  readonly random: () => number;
  readonly timing?: Partial<SyncTiming>;
}

const TIMING: SyncTiming = { pollMs: 60_000, firstPauseMs: 1_000, longestPauseMs: 60_000 };
/** Larger ones are asked for before they are sent. */
const ASK_FIRST_BYTES = 256 * 1024;

/**
 * Brings the facts and attachments of this laptop to the server, and fetches
 * from it what a screen asks for. `docs/spec/host.md` has the rules. Whatever
 * fails is tried again; nothing here ever drops a fact.
 */
export class SyncEngine {
  readonly pokes = new Pokes();
  readonly changes = new Changes();
  readonly #options: SyncEngineOptions;
  readonly #timing: SyncTiming;
  #state: SyncStatus['state'] = 'offline';
  #since: string;
  #lastError: SyncStatus['lastError'] = null;
  #isOfflineByChoice = false;
  #needsLogin: boolean;
  #isOtherVersion = false;
  #isGreeted = false;
  #isClosed = false;
  #failures = 0;
  #lostLines = 0;
  #lastSyncedAt: string | undefined;
  #isBackingOff = false;
  #wake: (() => void) | undefined;
  #wasWoken = false;
  #abort = new AbortController();
  /** One at a time: a fresh greeting replaces the line of the one before. */
  #pokeLine: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopListening: () => void;

  constructor(options: SyncEngineOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#since = this.#nowText();
    this.#needsLogin = options.client.token === undefined;
    if (this.#needsLogin) this.#state = 'needsLogin';
    this.#stopListening = options.journal.onRecord((record) => {
      this.changes.notify();
      if (record.k === 'events' || record.k === 'released') this.#wakeUp(false);
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#abort.abort();
    this.#wakeUp(true);
    await this.#running;
  }

  async status(): Promise<SyncStatus> {
    const { journal } = this.#options;
    const outbox = journal.outbox();
    const pending = outbox.filter((item) => item.state !== 'refused');
    return {
      state: this.#state,
      since: this.#since,
      offlineByChoice: this.#isOfflineByChoice,
      unsynced: pending.length,
      unsentBlobs: (await this.#unsentBlobs()).length,
      refused: outbox.length - pending.length,
      oldestPendingAt: pending[0]?.event.at ?? null,
      lastSyncedAt: this.#lastSyncedAt ?? journal.lastVerdictAt ?? null,
      lastError: this.#lastError,
    };
  }

  /** Sends and asks now, also in the middle of a pause after a failure. */
  now(): void {
    this.#wakeUp(true);
  }

  setOffline(isOffline: boolean): void {
    this.#isOfflineByChoice = isOffline;
    if (isOffline) {
      this.#abort.abort();
      this.#isGreeted = false;
      this.#enter('offline');
    } else {
      if (this.#abort.signal.aborted) this.#abort = new AbortController();
      this.#wakeUp(true);
    }
    this.changes.notify();
  }

  /** A fresh login: what waited for it goes on. */
  loggedIn(token: string): void {
    this.#options.client.token = token;
    this.#needsLogin = false;
    this.#isGreeted = false;
    this.#enter('offline');
    this.#wakeUp(true);
  }

  /** One pull, in batches, up to its end line. */
  async *pull(
    epoch: string | null,
    cursors: Record<string, number>,
    signal: AbortSignal,
  ): AsyncGenerator<PullLine[]> {
    const { journal, client } = this.#options;
    let isComplete = false;
    const answer = this.#ask(
      (ours) => client.pull({ epoch: epoch ?? journal.epoch ?? '', device: journal.device, cursors }, ours),
      signal,
    );
    for await (const lines of answer) {
      for (const line of lines) {
        if (line.k === 'end') isComplete = true;
        if (line.k !== 'head') continue;
        await journal.enterEpoch(line.epoch);
        if (epoch !== null && line.epoch !== epoch) {
          this.#wakeUp(true);
          throw new SyncError(
            'sync.otherEpoch',
            "The server's history is another one since. Everything is fetched anew; nothing of yours is lost.",
          );
        }
      }
      yield lines;
    }
    if (!isComplete) throw cutOff();
  }

  entity(key: string, signal: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#ask((ours) => this.#options.client.entity(key, ours), signal);
  }

  async once<T>(
    work: (client: ServerClient, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    this.#demandLine();
    const ours = AbortSignal.any([signal, this.#abort.signal]);
    try {
      return await work(this.#options.client, ours);
    } catch (thrown) {
      throw this.#note(thrown, signal);
    }
  }

  /** Makes sure that a blob is on this computer. */
  async fetchBlob(sha256: string, signal: AbortSignal): Promise<BlobRef> {
    const { blobs } = this.#options;
    const size = await blobs.size(sha256);
    if (size !== undefined) return { sha256, size };
    return this.once(
      async (client, ours) => blobs.putStream(await client.getBlob(sha256, ours), sha256),
      signal,
    );
  }

  async *#ask<T>(open: (signal: AbortSignal) => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
    this.#demandLine();
    try {
      yield* open(AbortSignal.any([signal, this.#abort.signal]));
    } catch (thrown) {
      throw this.#note(thrown, signal);
    }
  }

  /** Says at once what is known to fail. Merely `offline` is not: the asking is the best test of the line. */
  #demandLine(): void {
    if (this.#isOfflineByChoice) throw offline();
    if (this.#needsLogin) throw needsLogin();
    if (this.#isOtherVersion) {
      throw new SyncError(
        'sync.otherVersion',
        'The server speaks another version. Update Faultline; what you do is kept and still sent.',
      );
    }
  }

  /** What a screen's request has taught about the line. */
  #note(thrown: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return thrown;
    if (this.#isOfflineByChoice || this.#isClosed) return offline();
    if (!(thrown instanceof SyncError)) return thrown;
    if (thrown.code === 'sync.offline' || thrown.code === 'sync.needsLogin') {
      this.#isGreeted = false;
      this.#fail(thrown);
      if (thrown.code === 'sync.offline') this.#wakeUp(false);
    }
    return thrown;
  }

  async #run(): Promise<void> {
    let reason: 'poll' | 'work' = 'poll';
    while (!this.#isClosed) {
      let pauseMs = this.#timing.pollMs;
      if (!this.#isOfflineByChoice && !this.#needsLogin) {
        try {
          await this.#cycle(reason);
          this.#failures = 0;
        } catch (thrown) {
          pauseMs = this.#pauseAfter(thrown);
        }
      }
      reason = (await this.#sleep(pauseMs)) ? 'work' : 'poll';
    }
  }

  async #cycle(reason: 'poll' | 'work'): Promise<void> {
    const { signal } = this.#abort;
    const { journal, client } = this.#options;
    const isNew = !this.#isGreeted;
    if (isNew) await this.#greet(signal);
    const isPoll = reason === 'poll' || isNew;
    const unreadable = await pushEvents({
      journal,
      client,
      signal,
      withDoubtful: isPoll,
      onSending: () => this.#enter('syncing'),
    });
    await this.#sendBlobs(signal);
    this.#lastError =
      unreadable === undefined ? null : { code: unreadable.code, message: unreadable.message };
    this.#lastSyncedAt = this.#nowText();
    this.#enter(this.#isOtherVersion ? 'otherVersion' : 'online');
    if (isNew) this.pokes.emit('online');
    else if (isPoll) this.pokes.emit('poll');
  }

  async #greet(signal: AbortSignal): Promise<void> {
    const { journal, client, clock } = this.#options;
    const before = clock.nowMs();
    const hello = await client.hello(signal);
    const after = clock.nowMs();
    journal.noteClockOffset(Date.parse(hello.serverTime) - (before + after) / 2);
    await journal.enterEpoch(hello.epoch);
    this.#isOtherVersion = !overlaps(hello.protocol);
    this.#isGreeted = true;
    this.#pokeLine?.abort();
    this.#pokeLine = new AbortController();
    void this.#hearPokes(AbortSignal.any([signal, this.#pokeLine.signal]));
  }

  async #hearPokes(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const openedMs = clock.monotonicMs();
    try {
      for await (const _ of this.#options.client.pokes(signal)) this.pokes.emit('poke');
    } catch (thrown) {
      // Losing this line costs promptness only; the push or the poll that follows finds out why.
      if (!(thrown instanceof SyncError) && !signal.aborted) throw thrown;
    }
    if (signal.aborted || this.#isClosed) return;
    this.#isGreeted = false;
    this.#isBackingOff = true;
    // A line that never stands for long (a proxy that cuts it) must not become polling without a pause.
    if (clock.monotonicMs() - openedMs > this.#timing.longestPauseMs) this.#lostLines = 0;
    const pause = Math.min(this.#timing.firstPauseMs * 2 ** this.#lostLines++, this.#timing.longestPauseMs);
    setTimeout(() => this.#wakeUp(true), this.#jitter(pause)).unref();
  }

  /** Small ones first: a signature does not wait for a recording. Bytes never hold up facts. */
  async #sendBlobs(signal: AbortSignal): Promise<void> {
    const { journal, client, blobs } = this.#options;
    for (const { sha256, size } of await this.#unsentBlobs()) {
      this.#enter('syncing');
      try {
        const isThere = size > ASK_FIRST_BYTES && (await client.hasBlob(sha256, signal));
        if (isThere || (await client.putBlob(sha256, blobs.path(sha256), signal)))
          await journal.noteDeliveredBlobs([sha256]);
      } catch (thrown) {
        // One that the server does not take (too large, damaged here) does not hold up the others.
        if (!(thrown instanceof SyncError) || thrown.code !== 'sync.refusedRequest') throw thrown;
        this.#lastError = { code: thrown.code, message: thrown.message };
      }
      this.changes.notify();
    }
  }

  async #unsentBlobs(): Promise<BlobRef[]> {
    const { journal, blobs } = this.#options;
    const here: BlobRef[] = [];
    for (const sha256 of journal.undeliveredBlobs()) {
      const size = await blobs.size(sha256);
      if (size !== undefined) here.push({ sha256, size });
    }
    return here.sort((a, b) => a.size - b.size);
  }

  #pauseAfter(thrown: unknown): number {
    if (this.#isClosed || this.#isOfflineByChoice) return this.#timing.pollMs;
    this.#fail(thrown);
    this.#isGreeted = false;
    if (this.#needsLogin) return this.#timing.pollMs;
    this.#isBackingOff = true;
    const pause = Math.min(this.#timing.firstPauseMs * 2 ** this.#failures++, this.#timing.longestPauseMs);
    const asked = thrown instanceof SyncError ? (thrown.retryAfterMs ?? 0) : 0;
    return Math.max(this.#jitter(pause), asked);
  }

  #fail(thrown: unknown): void {
    if (thrown instanceof SyncError) {
      this.#lastError = { code: thrown.code, message: thrown.message };
      if (thrown.code === 'sync.needsLogin') this.#needsLogin = true;
    } else {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
      this.#lastError = { code: typeof code === 'string' ? code : 'host.internal', message };
    }
    this.#enter(this.#needsLogin ? 'needsLogin' : 'offline');
  }

  #enter(state: SyncStatus['state']): void {
    if (this.#isOfflineByChoice && state !== 'offline') return;
    if (this.#state !== state) this.#since = this.#nowText();
    this.#state = state;
    this.changes.notify();
  }

  /** @returns true when woken before the time. */
  async #sleep(ms: number): Promise<boolean> {
    if (!this.#wasWoken && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    const wasWoken = this.#wasWoken;
    this.#wasWoken = false;
    this.#isBackingOff = false;
    return wasWoken;
  }

  /** New work does not cut a pause short that a failure has asked for; a person or a fresh login does. */
  #wakeUp(isForced: boolean): void {
    if (this.#isBackingOff && !isForced) return;
    this.#wasWoken = true;
    this.#wake?.();
  }

  #jitter(ms: number): number {
    return ms * (0.5 + this.#options.random());
  }

  #nowText(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}

const overlaps = ({ min, max }: Hello['protocol']): boolean =>
  max >= SYNC_PROTOCOL.min && min <= SYNC_PROTOCOL.max;

const needsLogin = (): SyncError =>
  new SyncError(
    'sync.needsLogin',
    'The login at the server has expired. Log in again; everything is kept until then.',
  );
