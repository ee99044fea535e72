import { type Draft } from './draft.ts';
import type { EngineEvent } from './events.ts';
import type { Failure, FailureKind } from './failure.ts';
import { isFaulty, setApart } from './faulty.ts';
import {
  backOff,
  enterEpoch,
  goOn,
  leaveMain,
  mainEffect,
  pushAgain,
  refresh,
  renew,
  waitForLogin,
} from './main-lane.ts';
import { closePokes, lostPokes } from './poke-line.ts';
import { pauseUploads } from './upload-lane.ts';

/** A server that names another epoch each time is broken: it is left alone for a while. */
const MOST_EPOCHS = 3;
/** What says something about the line, not about the request. */
const LINE: ReadonlySet<FailureKind> = new Set(['offline', 'captive', 'certificate']);

/** What the main lane asked for did not come about. */
export function failMain(draft: Draft, failure: Failure): void {
  const { state } = draft;
  const { at } = state.main;
  state.lastError = { code: failure.code, message: failure.message };
  if (at === 'wiping') state.hasWipeFailed = true;
  // A line of a kilobyte a second brings half a batch within the time that a whole one takes too long for.
  if (at === 'pushing' && (failure.kind === 'offline' || failure.kind === 'fault'))
    state.pushLimit = Math.ceil(state.pushLimit / 2);
  switch (failure.kind) {
    case 'needsLogin':
      afterExpiry(draft, failure, at === 'refreshing');
      return;
    case 'otherEpoch':
      if (failure.epoch === undefined || ++state.epochs > MOST_EPOCHS) backOff(draft, failure);
      else enterEpoch(draft, failure.epoch);
      return;
    case 'cloned':
      if (at === 'renewing') backOff(draft, failure);
      else renew(draft);
      return;
    case 'revoked':
      learnRevoked(draft);
      backOff(draft, failure);
      return;
    case 'otherVersion':
      state.isOtherVersion = true;
      backOff(draft, failure);
      return;
    default:
      backOff(draft, failure);
  }
}

/**
 * A batch that the server cannot read, or at which it fails by its own fault. The latter passes as a rule. When it does not,
 * and one fact alone has it, that fact is set apart like one that cannot be read: the others would never get past it.
 */
export function failBatch(draft: Draft, event: Extract<EngineEvent, { is: 'batchFailed' }>): void {
  const { count, failure } = event;
  if (isFaulty(draft.state, event)) {
    setApart(draft, event);
    pushAgain(draft, null);
  } else if (failure.kind === 'unreadable') {
    pushAgain(draft, Math.ceil(count / 2));
  } else {
    failMain(draft, failure);
  }
}

/** 401: one refresh, and a person when that does not help. A revoked device has nobody who could log in: it keeps trying. */
function afterExpiry(draft: Draft, failure: Failure, wasRefreshing: boolean): void {
  const { state } = draft;
  if (!wasRefreshing && !state.hasRefreshed) refresh(draft);
  else if (state.revokedMs !== null) backOff(draft, failure);
  else waitForLogin(draft);
}

/** The office has revoked this device: from now on it hands over, and fetches nothing. */
export function learnRevoked(draft: Draft): void {
  const { state, at } = draft;
  if (state.revokedMs !== null) return;
  state.revokedMs = at.nowMs;
  draft.effects.push({ do: 'noteRevoked', atMs: at.nowMs });
  closePokes(draft);
}

/** An upload failed. What concerns the line or the login is the main lane's business as well; a fault at this one attachment is not. */
export function failUploads(draft: Draft, failure: Failure): void {
  draft.state.lastError = { code: failure.code, message: failure.message };
  pauseUploads(draft, failure);
  tellMain(draft, failure);
}

/** The poke line ended, which alone costs promptness only. */
export function failPokes(draft: Draft, failure: Failure): void {
  lostPokes(draft);
  if (failure.kind === 'needsLogin' || failure.kind === 'revoked') tellMain(draft, failure);
}

/** A request of the page failed. Several in a row make the pauses grow, or the page and a broken proxy would play ping-pong. */
export function learn(draft: Draft, failure: Failure): void {
  const { state } = draft;
  if ((LINE.has(failure.kind) || failure.kind === 'fault') && state.main.at === 'idle') {
    state.lastError = { code: failure.code, message: failure.message };
    state.isGreeted = false;
    if (state.pageFailures++ === 0) goOn(draft);
    else {
      state.failures = Math.max(state.failures, state.pageFailures - 2);
      leaveMain(draft);
      backOff(draft, failure);
    }
    return;
  }
  if (failure.kind === 'otherVersion') state.isOtherVersion = true;
  tellMain(draft, failure);
}

/** While the main lane has something under way, it finds out by itself. */
function tellMain(draft: Draft, failure: Failure): void {
  const { state } = draft;
  const { at } = state.main;
  if (failure.kind === 'revoked') learnRevoked(draft);
  if (mainEffect(state) !== null || (at !== 'idle' && at !== 'backingOff')) return;
  if (failure.kind === 'needsLogin') {
    state.lastError = { code: failure.code, message: failure.message };
    afterExpiry(draft, failure, false);
  } else if (at === 'idle' && (failure.kind === 'revoked' || failure.kind === 'cloned')) {
    state.wantsPoll = true;
    goOn(draft);
  } else if (at === 'idle' && LINE.has(failure.kind)) {
    leaveMain(draft);
    backOff(draft, failure);
  }
}
