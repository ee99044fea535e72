import { pauseMs } from './back-off.ts';
import { cancel, clearTimer, type Draft, mendedFrom, noteProgress, setTimer, takeId } from './draft.ts';
import type { Failure } from './failure.ts';

/**
 * Attachments have a lane of their own: facts never wait for bytes. It starts behind a turn that has gone well, goes on
 * beside the next turns, and has its own pauses.
 */
export function startUploads(draft: Draft): void {
  const { state } = draft;
  const { effect, isWanted } = state.uploads;
  const isReady = state.isGreeted && state.hasLogin && !state.isPaused;
  // A timer without an effect is a pause.
  if (effect !== null || !isWanted || !isReady || state.timers.uploads !== null) return;
  upload(draft);
}

function upload(draft: Draft): void {
  const { state } = draft;
  const effect = takeId(draft);
  const { isRetry } = state.uploads;
  state.uploads = { ...state.uploads, effect, isWanted: false, isRetry: false, isEmpty: false };
  setTimer(draft, 'uploads', state.timing.uploadSilenceMs);
  // A revoked device hands over everything it has, whatever it costs.
  const isMetered = state.isMetered && state.revokedMs === null;
  draft.effects.push({ do: 'upload', effect, isMetered, isRetry });
}

export function onUploaded(draft: Draft, outcome: 'sent' | 'refused' | 'nothing'): void {
  const { state } = draft;
  noteProgress(draft);
  mendedFrom(draft, 'noProgress');
  clearTimer(draft, 'uploads');
  state.uploads = { ...state.uploads, effect: null, failures: 0 };
  if (outcome === 'sent') state.hasRefreshed = false;
  if (outcome !== 'nothing' || state.uploads.isWanted) {
    state.uploads = { ...state.uploads, isWanted: true };
    startUploads(draft);
  } else {
    state.uploads = { ...state.uploads, isEmpty: true, isSending: false };
  }
}

/** More bytes arrived: the deadline moves. */
export function onProgressed(draft: Draft): void {
  noteProgress(draft);
  draft.state.uploads = { ...draft.state.uploads, isSending: true };
  setTimer(draft, 'uploads', draft.state.timing.uploadSilenceMs);
}

/** Ends what is under way and waits before the next. */
export function pauseUploads(draft: Draft, failure: Failure): void {
  const { state, at } = draft;
  const { failures } = state.uploads;
  const pause = { failures, random: at.random, retryAfterMs: failure.retryAfterMs };
  state.uploads = {
    ...state.uploads,
    effect: null,
    isWanted: true,
    isSending: false,
    failures: failures + 1,
  };
  setTimer(draft, 'uploads', pauseMs(pause, state.timing));
}

/** Gives up what is under way, and any pause; it starts behind the next turn. */
export function stopUploads(draft: Draft): void {
  const { state } = draft;
  cancel(draft, state.uploads.effect);
  clearTimer(draft, 'uploads');
  state.uploads = { ...state.uploads, effect: null, isWanted: true, isSending: false };
}
