import type { UnsentBlob } from '#shared/host/sync.ts';
import type {
  CarriedRequest,
  Hello,
  Manifest,
  PullLine,
  PullRequest,
  PushAnswer,
  PushRequest,
  Verdict,
} from '#shared/sync/protocol.ts';

/**
 * What the engine needs of the central server. Every error is a SyncError; those that the engine knows by their code:
 * `sync.offline`, `sync.needsLogin` (401), `sync.otherVersion` (426), `sync.otherEpoch` (`detail.epoch`), `sync.clonedDevice`,
 * `sync.deviceRevoked`, `sync.captivePortal`, `sync.untrustedCertificate`, `sync.refusedRequest` (the request itself is at fault).
 */
export interface EngineServer {
  token: string | undefined;
  hello(signal?: AbortSignal): Promise<Hello>;
  /**
   * Gets a new pair of tokens with the device's key and uses it from then on.
   * @throws SyncError `sync.needsLogin` when there is no refresh token, or the server takes it no more.
   */
  refresh?(signal?: AbortSignal): Promise<void>;
  push(request: PushRequest, signal?: AbortSignal): Promise<PushAnswer>;
  pull(request: PullRequest, signal?: AbortSignal): AsyncIterable<PullLine[]>;
  entity(key: string, signal?: AbortSignal): AsyncIterable<PullLine[]>;
  bootstrap(signal?: AbortSignal, scope?: string): Promise<Manifest>;
  /** @param onBytes told how many bytes have just arrived. */
  segment(
    sha256: string,
    signal?: AbortSignal,
    onBytes?: (count: number) => void,
  ): Promise<Uint8Array<ArrayBuffer>>;
  getBlob(sha256: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** One item a poke; `'comment'` when the server only says that the line still stands. Ends when the line does. */
  pokes(signal: AbortSignal): AsyncIterable<'poke' | 'comment' | void>;
}

/** What may travel now. */
export interface UploadLimits {
  /** The network is metered: recordings and what is large wait (`UnsentBlob.state` is `metered`). */
  readonly isMetered: boolean;
}

/** Bytes of one attachment that the server has by now. */
export interface UploadProgress {
  readonly sha256: string;
  readonly sentBytes: number;
  readonly bytes: number;
}

/** An attachment as its lane knows it: when it is tried next is the engine's to say. */
export type ListedBlob = Omit<UnsentBlob, 'nextTryAt'>;

/** Attachments on their way to the server. */
export interface BlobUploads {
  /** All that the server does not hold safely yet, in the order in which they are sent. */
  list(): Promise<ListedBlob[]>;
  /**
   * Sends the next attachment that may go, from where it was left.
   * - `sent`: the server holds it for good, and the journal knows.
   * - `refused`: the server does not take this one, or its bytes are not here, or it is not durable yet: it is passed over until
   *   {@link retryRefused}, `list` says why.
   * - `nothing`: nothing that may go is left.
   * @throws SyncError when the server cannot be spoken to; what was sent so far is kept.
   */
  sendNext(signal: AbortSignal, limits: UploadLimits): Promise<'sent' | 'refused' | 'nothing'>;
  /** What was passed over may be tried again: at a poll, and when a person asks. */
  retryRefused(): void;
  /** Told as bytes arrive at the server. @returns how to stop. */
  onProgress(listener: (progress: UploadProgress) => void): () => void;
}

/** What sends carried facts: the server client. */
export interface CarriedLine {
  carried(request: CarriedRequest, signal?: AbortSignal): Promise<PushAnswer>;
}

/** A fact of another laptop that the server has refused. */
export interface DeniedFact {
  readonly stream: string;
  readonly verdict: Verdict;
}

/** Facts of other laptops, taken in from bundles, on their way to the server. */
export interface CarriedFacts {
  /** Facts that the server has not settled for good. */
  readonly count: number;
  /** Those of them that it did not take when it was asked last, and why: the device that they name is unknown there, say. */
  readonly refused: { readonly count: number; readonly code: string } | null;
  /** What the server judged and refused for good, until a person has seen it; they are not among `count`. */
  readonly denied: readonly DeniedFact[];
  /**
   * Offers all of them, in the order in which they were taken in. A portion leaves only after a durable verdict on each of its facts;
   * One that the server does not take is offered again after growing pauses. `left` counts those that stay: the server could not judge them, or may still forget them.
   * @throws SyncError when the server cannot be spoken to; everything stays.
   */
  sendAll(
    line: CarriedLine,
    signal: AbortSignal,
  ): Promise<{ readonly accepted: number; readonly refused: number; readonly left: number }>;
  /** A person asks: what was not taken is offered again in the next turn. */
  retryRefused(): void;
  /** A person has seen what was refused for good. */
  noteDeniedSeen(): Promise<void>;
  /** A person gives up what the server does not take; the laptop that it came from still has it. @returns how many facts. */
  drop(): Promise<number>;
}

/** What happens to the laptop as a whole when the server says so. Both may be repeated: they go on where they were cut off. */
export interface IdentityPort {
  /** After `sync.clonedDevice`: asks the server for an identity of its own and uses it for what is written from now on. */
  becomeNewDevice(): Promise<void>;
  /** The office has revoked this device and nothing is left to hand over: everything of the workspace goes. */
  wipe(): Promise<void>;
}

/** Timers, so that a simulation can own the time. */
export interface Timers {
  /** Calls `fn` once after so many milliseconds of a clock that only moves forward. @returns how to give it up. */
  set(ms: number, fn: () => void): () => void;
}

/** Waits. @throws the signal's reason as soon as it is aborted. */
export function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let giveUp = (): void => undefined;
  const onAbort = (): void => {
    giveUp();
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  giveUp = timers.set(ms, () => {
    signal.removeEventListener('abort', onAbort);
    resolve();
  });
  return promise;
}

/** The timers of this process. They do not keep it alive. */
export const systemTimers: Timers = {
  set: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
