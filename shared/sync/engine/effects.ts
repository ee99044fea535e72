import type { TimerName, Turn } from './state.ts';

/** What the engine wants done. Those with an `effect` are answered by an event that names it. */
export type EngineEffect =
  | { readonly do: 'hello'; readonly effect: number }
  /** Plans the next batch by {@link nextBatch} and offers it. */
  | {
      readonly do: 'push';
      readonly effect: number;
      readonly turn: Turn;
      /** A revoked device hands over everything: nothing is held back. */
      readonly isHandingOver: boolean;
    }
  | { readonly do: 'refreshLogin'; readonly effect: number }
  | { readonly do: 'enterEpoch'; readonly effect: number; readonly epoch: string }
  | { readonly do: 'becomeNewDevice'; readonly effect: number }
  | { readonly do: 'wipe'; readonly effect: number }
  | {
      readonly do: 'upload';
      readonly effect: number;
      readonly isMetered: boolean;
      readonly isRetry: boolean;
    }
  | { readonly do: 'openPokes'; readonly effect: number }
  /** Gives up what is under way; its answer does not count any more. */
  | { readonly do: 'cancel'; readonly effect: number }
  /** Replaces the timer of that name. */
  | { readonly do: 'setTimer'; readonly name: TimerName; readonly id: number; readonly ms: number }
  | { readonly do: 'clearTimer'; readonly name: TimerName }
  /** There may be something to pull. */
  | { readonly do: 'tellPage'; readonly reason: 'poke' | 'poll' | 'online' }
  /** The laptop has learnt that it is revoked; the moment outlives a restart. */
  | { readonly do: 'noteRevoked'; readonly atMs: number }
  /** The clock was measured; `null` when it was set since. */
  | {
      readonly do: 'noteClock';
      readonly measured: { readonly offsetMs: number; readonly uncertaintyMs: number } | null;
    };
