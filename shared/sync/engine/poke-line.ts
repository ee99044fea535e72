import { pauseMs } from './back-off.ts';
import { cancel, clearTimer, type Draft, setTimer, takeId } from './draft.ts';

/** Opens the line on which the server says that there may be something new; the one before ends. */
export function openPokes(draft: Draft): void {
  const { state, at } = draft;
  cancel(draft, state.pokes.effect);
  const effect = takeId(draft);
  state.pokes = { ...state.pokes, effect, openedMonotonicMs: at.monotonicMs };
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
  draft.state.hasRefreshed = false;
  setTimer(draft, 'pokes', draft.state.timing.pokeSilenceMs);
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
  state.pokes = { ...pokes, effect: null, losses: losses + 1 };
  setTimer(draft, 'pokes', pauseMs({ failures: losses, random: at.random }, timing));
}
