import { MAX_PUSH_EVENTS } from '../protocol.ts';
import type { SyncStatus } from '../../host/sync.ts';
import type { ClockSamples } from './clock-offset.ts';
import type { FailureKind } from './failure.ts';
import { ENGINE_TIMING, type EngineTiming } from './timing.ts';

/** What the main lane does or waits for. `effect` is the number of what is under way. */
export type Main =
  /** Not started, or closed. */
  | { readonly at: 'stopped' }
  /** Offline by the user's choice. */
  | { readonly at: 'paused' }
  /** Waits for a person to log in. */
  | { readonly at: 'needsLogin' }
  | {
      readonly at: 'greeting' | 'refreshing' | 'enteringEpoch' | 'renewing' | 'wiping';
      readonly effect: number;
    }
  /** `isSending` once there is something to send. */
  | { readonly at: 'pushing'; readonly effect: number; readonly isSending: boolean }
  /** All is sent; the next turn comes with new work, a poke line that ended, or the poll. */
  | { readonly at: 'idle' }
  | { readonly at: 'backingOff'; readonly why: FailureKind }
  /** Nothing of the workspace is left here. */
  | { readonly at: 'wiped' };

export type TimerName = 'main' | 'uploads' | 'pokes';

export interface Timer {
  readonly id: number;
  /** When it fires, by the wall clock: for people only. */
  readonly dueMs: number;
  readonly dueMonotonicMs: number;
}

/** One going through the outbox. */
export interface Turn {
  /** Also offers what the server has taken but may still forget, and tells the page. */
  readonly isPoll: boolean;
  /** The first after a greeting. */
  readonly isFresh: boolean;
  /** Facts that were offered in this turn and are still in the outbox. */
  readonly skipIds: readonly string[];
  /** Streams that wait for the next turn or the end of this one: something of theirs was not taken in, or got no word. */
  readonly skipStreams: readonly string[];
  /** Facts in the next batch at most; halved while a batch cannot be read. */
  readonly limit: number | null;
  /** Times that the server failed at one fact alone since it last gave a word. */
  readonly faults: number;
  /** Streams that were set apart in earlier turns, to be offered again at the end of this one. */
  readonly toProbe: readonly string[];
  /** The one of them that is being offered. */
  readonly probing: string | null;
}

export interface Trouble {
  readonly code: string;
  readonly message: string;
}

/** A stream that begins with a fact which the server cannot read, or at which it fails each time; and what it said. */
export interface Faulty {
  readonly stream: string;
  readonly trouble: Trouble;
}

export interface Uploads {
  /** What is under way. Its deadline, or else the pause after a failure, is the timer `uploads`. */
  readonly effect: number | null;
  /** There may be something to send. */
  readonly isWanted: boolean;
  /** What was passed over is tried again. */
  readonly isRetry: boolean;
  /** The last look found nothing that may go. */
  readonly isEmpty: boolean;
  /** Bytes are on their way. */
  readonly isSending: boolean;
  readonly failures: number;
}

export interface PokeLine {
  /** Its silence, or else the pause before the next one, is the timer `pokes`. */
  readonly effect: number | null;
  readonly openedMonotonicMs: number;
  readonly losses: number;
  /** Something came on the present line. A server greets on every line that it opens. */
  readonly hasHeard: boolean;
  /** Lines in a row on which nothing ever came: something on the way holds them back. */
  readonly deaf: number;
}

/** Why the engine was started anew or something did not come back. */
export type StuckReason = 'noAnswer' | 'noProgress' | 'wedged';

/**
 * Everything the engine knows. Plain data: the same state, event and moment always give the same next state.
 * `docs/spec/sync-engine.md` has the rules.
 */
export interface EngineState {
  readonly timing: EngineTiming;
  readonly main: Main;
  readonly turn: Turn;
  /** Longest untried first. */
  readonly faulty: readonly Faulty[];
  readonly uploads: Uploads;
  readonly pokes: PokeLine;
  readonly timers: Readonly<Record<TimerName, Timer | null>>;
  /** Number of the next effect or timer. */
  readonly nextId: number;
  readonly isPaused: boolean;
  readonly hasLogin: boolean;
  /** The login was refreshed, and nothing that needs it has succeeded since. */
  readonly hasRefreshed: boolean;
  readonly isGreeted: boolean;
  readonly isOtherVersion: boolean;
  readonly isMetered: boolean;
  /** Since when the laptop knows that the office has revoked it (wall clock). */
  readonly revokedMs: number | null;
  /** What is left could not be sealed: handing over is tried again before the next wipe. */
  readonly hasWipeFailed: boolean;
  /** Work came while a turn was under way. */
  readonly isDirty: boolean;
  /** The next turn is a poll. */
  readonly wantsPoll: boolean;
  readonly failures: number;
  /** At most so many facts in a push: halved when a push did not come through, doubled when one did. */
  readonly pushLimit: number;
  /** Failures of the page's own requests since one of them succeeded. */
  readonly pageFailures: number;
  /** Times in a row that the server named another epoch. */
  readonly epochs: number;
  readonly restarts: number;
  readonly stuck: { readonly sinceMs: number; readonly reason: StuckReason } | null;
  readonly lastError: Trouble | null;
  readonly lastSyncedMs: number | null;
  /** When anything came to a good end (monotonic). */
  readonly lastProgressMonotonicMs: number;
  readonly clock: ClockSamples;
  /** What people are shown, and since when. */
  readonly shown: { readonly state: SyncStatus['state']; readonly sinceMs: number };
}

export const NO_TURN: Turn = {
  isPoll: false,
  isFresh: false,
  skipIds: [],
  skipStreams: [],
  limit: null,
  faults: 0,
  toProbe: [],
  probing: null,
};

export interface InitialState {
  readonly timing?: Partial<EngineTiming> | undefined;
  readonly hasLogin: boolean;
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly isPaused?: boolean | undefined;
  readonly isMetered?: boolean | undefined;
  readonly revokedMs?: number | null | undefined;
  /** Why it has no login, where that is known. */
  readonly trouble?: Trouble | null | undefined;
}

/** A laptop before its first step. */
export function initialState(about: InitialState): EngineState {
  const { timing, hasLogin, nowMs, monotonicMs } = about;
  const revokedMs = about.revokedMs ?? null;
  const state = revokedMs !== null ? 'revoked' : hasLogin ? 'offline' : 'needsLogin';
  return {
    timing: { ...ENGINE_TIMING, ...timing },
    main: { at: 'stopped' },
    turn: NO_TURN,
    faulty: [],
    uploads: { effect: null, isWanted: true, isRetry: false, isEmpty: false, isSending: false, failures: 0 },
    pokes: { effect: null, openedMonotonicMs: 0, losses: 0, hasHeard: false, deaf: 0 },
    timers: { main: null, uploads: null, pokes: null },
    nextId: 1,
    isPaused: about.isPaused ?? false,
    hasLogin,
    hasRefreshed: false,
    isGreeted: false,
    isOtherVersion: false,
    isMetered: about.isMetered ?? false,
    revokedMs,
    hasWipeFailed: false,
    isDirty: false,
    wantsPoll: true,
    failures: 0,
    pushLimit: MAX_PUSH_EVENTS,
    pageFailures: 0,
    epochs: 0,
    restarts: 0,
    stuck: null,
    lastError: about.trouble ?? null,
    lastSyncedMs: null,
    lastProgressMonotonicMs: monotonicMs,
    clock: [],
    shown: { state, sinceMs: nowMs },
  };
}
