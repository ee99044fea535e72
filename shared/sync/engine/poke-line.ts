import { pauseMs } from './back-off.ts';
import { cancel, clearTimer, type Draft, setTimer, takeId } from './draft.ts';
import type { EngineState } from './state.ts';

/** Opens the line on which the server says that there may be something new; the one before ends. */
export function openPokes(draft: Draft): void {
  const { state, at } = draft;
  cancel(draft, state.pokes.effect);
  const effect = takeId(draft);
  state.pokes = { ...state.pokes, effect, openedMonotonicMs: at.monotonicMs, hasHeard: false };
  setTimer(draft, 'pokes', state.timing.pokeSilenceMs);
  draft.effects.push({ do: 'openPokes', effect });
}

export function closePokes(draft: Draft): void {
  const { state } = draft;
  cancel(draft, state.pokes.effect);
  clearTimer(draft, 'pokes');
  state.pokes = { ...state.pokes, effect: null };
}

/** The server has said something on the line. */
export function heardPokes(draft: Draft): void {
  const { state } = draft;
  state.hasRefreshed = false;
  state.pokes = { ...state.pokes, hasHeard: true, deaf: 0 };
  setTimer(draft, 'pokes', state.timing.pokeSilenceMs);
}

/** One line may be lost to anything; after two without a word, changes by others come with the poll only. */
export function isHeldBack({ pokes }: EngineState): boolean {
  return pokes.deaf >= 2;
}

/**
 * The line is gone, or silent: a greeting finds out why, after a pause. A line that never stands for long (a proxy that
 * cuts it) must not become polling without one.
 */
export function lostPokes(draft: Draft): void {
  const { state, at } = draft;
  const { timing, pokes } = state;
  const hasStood = at.monotonicMs - pokes.openedMonotonicMs > timing.longestPauseMs;
  const losses = hasStood ? 0 : pokes.losses;
  const deaf = pokes.hasHeard ? 0 : pokes.deaf + 1;
  state.pokes = { ...pokes, effect: null, losses: losses + 1, deaf };
  setTimer(draft, 'pokes', pauseMs({ failures: losses, random: at.random }, timing));
}
