import type { ClockReading } from './clock-offset.ts';
import type { Failure } from './failure.ts';
import type { TimerName } from './state.ts';

/** When an event is handled, and the chance that goes with it. */
export interface Moment {
  /** Wall clock, Unix milliseconds. */
  readonly nowMs: number;
  /** A clock that only moves forward. */
  readonly monotonicMs: number;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** What the engine is told. `effect` names the effect that it answers; an answer to one that was given up is passed over. */
export type EngineEvent =
  | { readonly is: 'started' }
  | { readonly is: 'closed' }
  /** A person asks for it now: cuts every pause short. */
  | { readonly is: 'asked' }
  /** There is something new in the outbox. */
  | { readonly is: 'work' }
  | { readonly is: 'paused'; readonly isPaused: boolean }
  | { readonly is: 'loggedIn' }
  | { readonly is: 'metered'; readonly isMetered: boolean }
  | { readonly is: 'timer'; readonly name: TimerName; readonly id: number }
  | {
      readonly is: 'helloed';
      readonly effect: number;
      readonly isOtherVersion: boolean;
      readonly reading: ClockReading;
    }
  /** There is something to send, and it is on its way. */
  | { readonly is: 'sending'; readonly effect: number }
  | {
      readonly is: 'pushed';
      readonly effect: number;
      /** Of the batch: what is still in the outbox. */
      readonly left: readonly string[];
      /** Streams of facts that got no word. */
      readonly unjudged: readonly string[];
      readonly reading: ClockReading;
    }
  /** Nothing may be sent now. `undelivered`: facts that the server has no copy of for good. */
  | { readonly is: 'pushedAll'; readonly effect: number; readonly undelivered: number }
  /** The server could not read the batch (`failure.kind` says so), or failed at it by a fault of its own. */
  | {
      readonly is: 'batchFailed';
      readonly effect: number;
      /** Facts in the batch, and the stream of the first. */
      readonly count: number;
      readonly stream: string;
      readonly failure: Failure;
    }
  | { readonly is: 'refreshed'; readonly effect: number }
  | { readonly is: 'enteredEpoch'; readonly effect: number }
  | { readonly is: 'renewed'; readonly effect: number }
  | { readonly is: 'wiped'; readonly effect: number }
  | {
      readonly is: 'uploaded';
      readonly effect: number;
      readonly outcome: 'sent' | 'refused' | 'nothing';
    }
  /** More bytes of an upload have arrived. */
  | { readonly is: 'progressed'; readonly effect: number }
  | { readonly is: 'poked'; readonly effect: number }
  /** The server says that the poke line still stands. */
  | { readonly is: 'commented'; readonly effect: number }
  | { readonly is: 'pokesEnded'; readonly effect: number }
  | { readonly is: 'failed'; readonly effect: number; readonly failure: Failure }
  /** A request of the page has taught something about the line. */
  | { readonly is: 'learnt'; readonly failure: Failure }
  /** A request of the page was answered. */
  | { readonly is: 'answered'; readonly reading?: ClockReading | undefined }
  /** The watchdog's word: nothing has happened that should have. */
  | { readonly is: 'restart' };
