import { cancel, clearTimer, type Draft, noteRestart } from './draft.ts';
import type { EngineEffect } from './effects.ts';
import type { EngineEvent, Moment } from './events.ts';
import { failBatch, failMain, failPokes, failUploads, learn } from './failing.ts';
import type { Failure } from './failure.ts';
import { goOn, leaveMain, mainEffect, onHelloed, onPushed, onPushedAll, poll, wake } from './main-lane.ts';
import { checkClock, measure } from './measure.ts';
import { closePokes, heardPokes, lostPokes } from './poke-line.ts';
import { shownState } from './shown.ts';
import type { EngineState, TimerName } from './state.ts';
import { onProgressed, onUploaded, startUploads, stopUploads } from './upload-lane.ts';

export interface Step {
  readonly state: EngineState;
  readonly effects: readonly EngineEffect[];
}

/**
 * The whole engine: what it knows and what is to be done, after what happened. Knows no clock, no chance and no network:
 * they come with the event. Answers to effects and timers that were given up change nothing.
 */
export function step(before: EngineState, event: EngineEvent, at: Moment): Step {
  const draft: Draft = { state: { ...before }, effects: [], at };
  const { state } = draft;
  if (before.main.at === 'wiped') return { state: before, effects: [] };
  if (before.main.at === 'stopped') beforeStart(draft, event);
  else {
    checkClock(draft);
    handle(draft, event);
  }
  const shown = shownState(state, before.shown.state);
  if (shown !== before.shown.state) state.shown = { state: shown, sinceMs: at.nowMs };
  return { state, effects: draft.effects };
}

/** Only what a person chooses counts before the start. */
function beforeStart(draft: Draft, event: EngineEvent): void {
  const { state } = draft;
  if (event.is === 'started') goOn(draft);
  else if (event.is === 'paused') {
    state.isPaused = event.isPaused;
    if (event.isPaused) state.shown = { state: 'offline', sinceMs: draft.at.nowMs };
  } else if (event.is === 'loggedIn') state.hasLogin = true;
  else if (event.is === 'metered') state.isMetered = event.isMetered;
}

function handle(draft: Draft, event: EngineEvent): void {
  const { state } = draft;
  switch (event.is) {
    case 'started':
      return;
    case 'closed':
      stopAll(draft);
      state.main = { at: 'stopped' };
      return;
    case 'asked':
      onAsked(draft);
      return;
    case 'work':
      state.uploads = { ...state.uploads, isWanted: true, isEmpty: false };
      wake(draft);
      return;
    case 'paused':
      onPaused(draft, event.isPaused);
      return;
    case 'loggedIn':
      onLoggedIn(draft);
      return;
    case 'metered':
      onMetered(draft, event.isMetered);
      return;
    case 'learnt':
      learn(draft, event.failure);
      return;
    case 'answered':
      state.pageFailures = 0;
      state.hasRefreshed = false;
      if (event.reading !== undefined) measure(draft, event.reading);
      return;
    case 'restart':
      onRestart(draft);
      return;
    case 'timer':
      if (state.timers[event.name]?.id === event.id) onTimer(draft, event.name);
      return;
    case 'failed':
      onFailed(draft, event.effect, event.failure);
      return;
    default:
      if (event.effect === mainEffect(state)) onMainAnswer(draft, event);
      else if (event.effect === state.uploads.effect) onUploadAnswer(draft, event);
      else if (event.effect === state.pokes.effect) onPokeAnswer(draft, event);
  }
}

type Answer = Extract<EngineEvent, { effect: number }>;

function onMainAnswer(draft: Draft, event: Answer): void {
  const { state } = draft;
  switch (event.is) {
    case 'helloed':
      measure(draft, event.reading);
      onHelloed(draft, event);
      return;
    case 'sending':
      if (state.main.at === 'pushing') state.main = { ...state.main, isSending: true };
      return;
    case 'pushed':
      measure(draft, event.reading);
      onPushed(draft, event);
      return;
    case 'pushedAll':
      onPushedAll(draft, event);
      return;
    case 'batchFailed':
      failBatch(draft, event);
      return;
    case 'refreshed':
      state.hasRefreshed = true;
      // What the page asked for in between failed: it is told to ask again.
      state.wantsPoll = true;
      goOn(draft);
      return;
    case 'enteredEpoch':
    case 'renewed':
      // The outbox is another one now: everything is looked at again.
      state.isGreeted = false;
      goOn(draft);
      return;
    case 'wiped':
      stopAll(draft);
      state.main = { at: 'wiped' };
  }
}

function onUploadAnswer(draft: Draft, event: Answer): void {
  if (event.is === 'progressed') onProgressed(draft);
  if (event.is !== 'uploaded') return;
  onUploaded(draft, event.outcome);
  // The last attachment of a revoked device is over: a turn looks whether everything is handed over.
  const { state } = draft;
  if (state.revokedMs !== null && state.uploads.isEmpty) wake(draft);
}

function onPokeAnswer(draft: Draft, event: Answer): void {
  if (event.is === 'poked' || event.is === 'commented') heardPokes(draft);
  if (event.is === 'poked') draft.effects.push({ do: 'tellPage', reason: 'poke' });
  if (event.is === 'pokesEnded') lostPokes(draft);
}

function onFailed(draft: Draft, effect: number, failure: Failure): void {
  const { state } = draft;
  if (effect === mainEffect(state)) failMain(draft, failure);
  else if (effect === state.uploads.effect) failUploads(draft, failure);
  else if (effect === state.pokes.effect) failPokes(draft, failure);
}

/** A person asks: no pause counts any more. */
function onAsked(draft: Draft): void {
  const { state } = draft;
  const { at } = state.main;
  state.wantsPoll = true;
  state.failures = 0;
  state.pageFailures = 0;
  if (state.uploads.effect === null) stopUploads(draft);
  if (at === 'idle' || at === 'backingOff') goOn(draft);
  else if (mainEffect(state) !== null) state.isDirty = true;
}

function onPaused(draft: Draft, isPaused: boolean): void {
  const { state } = draft;
  if (state.isPaused === isPaused) return;
  state.isPaused = isPaused;
  if (isPaused) {
    stopAll(draft);
    state.main = { at: 'paused' };
  } else {
    state.failures = 0;
    state.wantsPoll = true;
    goOn(draft);
  }
}

function onLoggedIn(draft: Draft): void {
  const { state } = draft;
  state.hasLogin = true;
  state.hasRefreshed = false;
  state.isGreeted = false;
  state.failures = 0;
  if (state.isPaused) return;
  leaveMain(draft);
  goOn(draft);
}

function onMetered(draft: Draft, isMetered: boolean): void {
  const { state } = draft;
  if (state.isMetered === isMetered) return;
  state.isMetered = isMetered;
  // What is under way was begun under the other rule.
  stopUploads(draft);
  if (state.main.at === 'idle') startUploads(draft);
}

function onRestart(draft: Draft): void {
  const { state } = draft;
  noteRestart(draft, 'wedged');
  if (state.isPaused || state.main.at === 'needsLogin') return;
  stopAll(draft);
  state.wantsPoll = true;
  goOn(draft);
}

/** Gives up everything that is under way. */
function stopAll(draft: Draft): void {
  leaveMain(draft);
  stopUploads(draft);
  closePokes(draft);
  draft.state.isGreeted = false;
}

const NO_ANSWER: Failure = {
  kind: 'offline',
  code: 'sync.noAnswer',
  message: 'The server took the request and never answered. It is asked again; nothing is lost.',
};

const NO_PROGRESS: Failure = {
  kind: 'here',
  code: 'sync.noProgress',
  message: 'An attachment stopped on its way. It goes on from there after a pause.',
};

function onTimer(draft: Draft, name: TimerName): void {
  const { state } = draft;
  state.timers = { ...state.timers, [name]: null };
  if (name === 'main') onMainTimer(draft);
  else if (name === 'uploads') onUploadsTimer(draft);
  else onPokesTimer(draft);
}

function onMainTimer(draft: Draft): void {
  const { state } = draft;
  const effect = mainEffect(state);
  if (effect !== null) {
    cancel(draft, effect);
    noteRestart(draft, 'noAnswer');
    failMain(draft, NO_ANSWER);
  } else if (state.main.at === 'idle') poll(draft);
  else if (state.main.at === 'backingOff') goOn(draft);
}

function onUploadsTimer(draft: Draft): void {
  const { state } = draft;
  const { effect } = state.uploads;
  if (effect !== null) {
    cancel(draft, effect);
    noteRestart(draft, 'noProgress');
    failUploads(draft, NO_PROGRESS);
  } else if (state.main.at === 'idle') startUploads(draft);
}

function onPokesTimer(draft: Draft): void {
  const { state } = draft;
  const { effect } = state.pokes;
  if (effect !== null) {
    cancel(draft, effect);
    lostPokes(draft);
    return;
  }
  clearTimer(draft, 'pokes');
  state.isGreeted = false;
  if (state.main.at === 'idle') goOn(draft);
}
