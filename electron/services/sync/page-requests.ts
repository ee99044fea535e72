import type { EngineEvent } from '#shared/sync/engine/events.ts';
import type { EngineState } from '#shared/sync/engine/state.ts';
import type { Manifest, PullLine } from '#shared/sync/protocol.ts';
import type { BlobRef, BlobStore } from '../blobs/blob-store.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { EngineServer } from './engine-ports.ts';
import { failureOf } from './failure-of.ts';
import { cutOff, needsLogin, offline, SyncError } from './sync-error.ts';
import type { TransferMeter } from './transfer-meter.ts';

export interface PageRequestsOptions<C extends EngineServer> {
  readonly client: C;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly blobs: BlobStore;
  readonly meter: TransferMeter;
  readonly dispatch: (event: EngineEvent) => void;
  /** What people are told has changed without the engine. */
  readonly changed: () => void;
  readonly state: () => EngineState;
}

/** What a failed request says about line and login. An answer that was cut off says nothing: the next one may be whole. */
const TEACHES: ReadonlySet<string> = new Set([
  'sync.offline',
  'sync.needsLogin',
  'sync.otherVersion',
  'sync.deviceRevoked',
  'sync.captivePortal',
  'sync.untrustedCertificate',
]);

/** Pieces of a segment arrive far more often than anybody can read of them. */
const TOLD_EVERY_MS = 500;

/** What screens ask of the server. It goes beside the engine's own work and teaches the engine what it learns. */
export class PageRequests<C extends EngineServer> {
  readonly #options: PageRequestsOptions<C>;
  #abort = new AbortController();
  #isClosed = false;

  constructor(options: PageRequestsOptions<C>) {
    this.#options = options;
  }

  /** Ends what is under way, now and for good. */
  close(): void {
    this.#isClosed = true;
    this.#abort.abort();
  }

  /** Ends what is under way. */
  stopAll(): void {
    this.#abort.abort();
    if (!this.#isClosed) this.#abort = new AbortController();
  }

  async *pull(
    epoch: string | null,
    cursors: Record<string, number>,
    signal: AbortSignal,
  ): AsyncGenerator<PullLine[]> {
    const { journal } = this.#options;
    let isComplete = false;
    const answer = this.ask(
      (client, ours) =>
        client.pull({ epoch: epoch ?? journal.epoch ?? '', device: journal.device, cursors }, ours),
      signal,
    );
    for await (const lines of answer) {
      for (const line of lines) {
        if (line.k === 'end') isComplete = true;
        if (line.k === 'head') await this.#enterEpoch(line.epoch, epoch);
      }
      await this.#noteTakenByOffice(lines);
      yield lines;
    }
    if (!isComplete) throw cutOff();
    this.#options.dispatch({ is: 'answered' });
  }

  bootstrap(signal: AbortSignal, scope?: string): Promise<Manifest> {
    return this.once((client, ours) => client.bootstrap(ours, scope), signal);
  }

  /** @param left see the host's contract. Without it the transfer is not told. */
  async segment(sha256: string, signal: AbortSignal, left = 0): Promise<Uint8Array<ArrayBuffer>> {
    const { meter, clock, changed } = this.#options;
    meter.expect('bootstrap', left);
    let toldMs = Number.NEGATIVE_INFINITY;
    const onBytes = (count: number): void => {
      meter.add('bootstrap', count);
      if (clock.monotonicMs() - toldMs < TOLD_EVERY_MS) return;
      toldMs = clock.monotonicMs();
      changed();
    };
    try {
      return await this.once((client, ours) => client.segment(sha256, ours, onBytes), signal);
    } catch (thrown) {
      // Whoever goes on tells anew how much is left.
      meter.end('bootstrap');
      changed();
      throw thrown;
    }
  }

  async fetchBlob(sha256: string, signal: AbortSignal): Promise<BlobRef> {
    const { blobs } = this.#options;
    const size = await blobs.sizeIfWhole(sha256);
    if (size !== undefined) return { sha256, size };
    return this.once(
      async (client, ours) => blobs.putStream(await client.getBlob(sha256, ours), sha256),
      signal,
    );
  }

  async once<T>(work: (client: C, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#demandLine();
    const ours = AbortSignal.any([signal, this.#abort.signal]);
    try {
      const answer = await work(this.#options.client, ours);
      this.#options.dispatch({ is: 'answered' });
      return answer;
    } catch (thrown) {
      throw this.#learn(thrown, signal);
    }
  }

  async *ask<T>(
    open: (client: C, signal: AbortSignal) => AsyncIterable<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    this.#demandLine();
    try {
      yield* open(this.#options.client, AbortSignal.any([signal, this.#abort.signal]));
    } catch (thrown) {
      throw this.#learn(thrown, signal);
    }
  }

  async #enterEpoch(epoch: string, expected: string | null): Promise<void> {
    await this.#options.journal.enterEpoch(epoch);
    if (expected === null || epoch === expected) return;
    this.#options.dispatch({ is: 'asked' });
    throw new SyncError(
      'sync.otherEpoch',
      "The server's history is another one since. Everything is fetched anew; nothing of yours is lost.",
    );
  }

  /** The office may take in what the server had refused: seen in a pull, the fact is no longer unsynced. */
  async #noteTakenByOffice(lines: readonly PullLine[]): Promise<void> {
    const { journal } = this.#options;
    const taken = lines.flatMap((line) =>
      line.k === 'event' && journal.isRefused(line.event.id) ? [line.event.id] : [],
    );
    await journal.applyVerdicts({
      epoch: journal.epoch ?? '',
      durable: true,
      verdicts: taken.map((id) => ({ id, verdict: 'acceptedWithException', code: 'sync.acceptedByOffice' })),
    });
  }

  /** Says at once what is known to fail. Merely offline is not: the asking is the best test of the line. */
  #demandLine(): void {
    const state = this.#options.state();
    if (state.isPaused || this.#isClosed) throw offline();
    if (state.revokedMs !== null) {
      throw new SyncError(
        'sync.deviceRevoked',
        'The office has revoked this laptop. What is unsent is handed over, and then everything here is wiped.',
      );
    }
    if (!state.hasLogin) throw needsLogin();
    if (state.isOtherVersion) {
      throw new SyncError(
        'sync.otherVersion',
        'The server speaks another version. Update Faultline; what you do is kept and still sent.',
      );
    }
  }

  /** What a request has taught about the line. */
  #learn(thrown: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return thrown;
    if (this.#isClosed || this.#options.state().isPaused) return offline();
    if (!(thrown instanceof SyncError) || !TEACHES.has(thrown.code)) return thrown;
    this.#options.dispatch({ is: 'learnt', failure: failureOf(thrown) });
    return thrown;
  }
}
