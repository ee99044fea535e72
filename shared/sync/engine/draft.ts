import type { EngineEffect } from './effects.ts';
import type { Moment } from './events.ts';
import type { EngineState, StuckReason, TimerName } from './state.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One step under way: the next state as far as it is decided, and what is to be done. Lives within one call of `step`. */
export interface Draft {
  readonly state: Mutable<EngineState>;
  readonly effects: EngineEffect[];
  readonly at: Moment;
}

/** The number of a new effect or timer. */
export function takeId(draft: Draft): number {
  return draft.state.nextId++;
}

export function setTimer(draft: Draft, name: TimerName, ms: number): void {
  const id = takeId(draft);
  const { nowMs, monotonicMs } = draft.at;
  const timer = { id, dueMs: nowMs + ms, dueMonotonicMs: monotonicMs + ms };
  draft.state.timers = { ...draft.state.timers, [name]: timer };
  draft.effects.push({ do: 'setTimer', name, id, ms });
}

export function clearTimer(draft: Draft, name: TimerName): void {
  if (draft.state.timers[name] === null) return;
  draft.state.timers = { ...draft.state.timers, [name]: null };
  draft.effects.push({ do: 'clearTimer', name });
}

export function cancel(draft: Draft, effect: number | null): void {
  if (effect !== null) draft.effects.push({ do: 'cancel', effect });
}

/** Something came to a good end. */
export function noteProgress(draft: Draft): void {
  draft.state.lastProgressMonotonicMs = draft.at.monotonicMs;
}

/** Something did not come back and was started anew. */
export function noteRestart(draft: Draft, reason: StuckReason): void {
  const { state, at } = draft;
  state.restarts++;
  state.stuck = { sinceMs: state.stuck?.sinceMs ?? at.nowMs, reason };
}

export function mendedFrom(draft: Draft, ...reasons: StuckReason[]): void {
  const { stuck } = draft.state;
  if (stuck !== null && reasons.includes(stuck.reason)) draft.state.stuck = null;
}
