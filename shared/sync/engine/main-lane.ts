import { MAX_PUSH_EVENTS } from '../protocol.ts';
import { pauseMs } from './back-off.ts';
import { sampleAgeMs } from './clock-offset.ts';
import { cancel, clearTimer, type Draft, mendedFrom, noteProgress, setTimer, takeId } from './draft.ts';
import type { EngineEvent } from './events.ts';
import type { Failure } from './failure.ts';
import { probe, standBack } from './faulty.ts';
import { closePokes, openPokes } from './poke-line.ts';
import { type EngineState, NO_TURN } from './state.ts';
import { turnAfterWord } from './turn.ts';
import { startUploads } from './upload-lane.ts';

/** The number of what the main lane waits for, `null` when it waits for time, work or a person. */
export function mainEffect({ main }: EngineState): number | null {
  return 'effect' in main ? main.effect : null;
}

/** Gives up whatever the main lane does. */
export function leaveMain(draft: Draft): void {
  cancel(draft, mainEffect(draft.state));
  clearTimer(draft, 'main');
}

/** Goes on with whatever comes first. Nothing of the main lane may be under way. */
export function goOn(draft: Draft): void {
  const { state } = draft;
  if (state.isPaused) {
    clearTimer(draft, 'main');
    state.main = { at: 'paused' };
  } else if (!state.hasWipeFailed && mayWipe(state, Number.POSITIVE_INFINITY, draft.at.nowMs)) {
    // It reached nobody for too long: `wipe` seals what is left into a file.
    wipe(draft);
  } else if (!state.hasLogin) {
    waitForLogin(draft);
  } else if (state.isGreeted) {
    startTurn(draft, false);
  } else {
    greet(draft);
  }
}

function greet(draft: Draft): void {
  draft.state.hasWipeFailed = false;
  draft.effects.push({ do: 'hello', effect: waitFor(draft, 'greeting', draft.state.timing.answerMs) });
}

/** Marks the main lane as waiting for an effect, with a deadline. @returns the effect's number. */
function waitFor(
  draft: Draft,
  at: 'greeting' | 'refreshing' | 'enteringEpoch' | 'renewing' | 'wiping' | 'pushing',
  deadlineMs: number,
): number {
  const effect = takeId(draft);
  draft.state.main = at === 'pushing' ? { at, effect, isSending: false } : { at, effect };
  setTimer(draft, 'main', deadlineMs);
  return effect;
}

/** Begins to go through the outbox. */
export function startTurn(draft: Draft, isFresh: boolean): void {
  const { state } = draft;
  const isPoll = isFresh || state.wantsPoll;
  state.turn = standBack({ ...NO_TURN, isPoll, isFresh, limit: limitOf(state) }, state);
  state.isDirty = false;
  state.wantsPoll = false;
  state.uploads = {
    ...state.uploads,
    isWanted: !state.uploads.isEmpty || isPoll,
    isEmpty: state.uploads.isEmpty && !isPoll,
    isRetry: state.uploads.isRetry || isPoll,
  };
  push(draft);
}

/** What a push may hold at most beside the wire's own limit. */
function limitOf({ pushLimit }: EngineState): number | null {
  return pushLimit === MAX_PUSH_EVENTS ? null : pushLimit;
}

function push(draft: Draft): void {
  const { state } = draft;
  const effect = waitFor(draft, 'pushing', state.timing.answerMs);
  draft.effects.push({ do: 'push', effect, turn: state.turn, isHandingOver: state.revokedMs !== null });
}

/** The server has greeted. */
export function onHelloed(draft: Draft, event: Extract<EngineEvent, { is: 'helloed' }>): void {
  const { state } = draft;
  state.isGreeted = true;
  state.isOtherVersion = event.isOtherVersion;
  if (state.revokedMs === null) openPokes(draft);
  startTurn(draft, true);
}

/** Some facts have their word; on with the rest. */
export function onPushed(draft: Draft, event: Extract<EngineEvent, { is: 'pushed' }>): void {
  const { state } = draft;
  state.hasRefreshed = false;
  state.epochs = 0;
  state.pushLimit = Math.min(state.pushLimit * 2, MAX_PUSH_EVENTS);
  state.turn = { ...turnAfterWord(state.turn, event), limit: limitOf(state) };
  push(draft);
}

/** One fact spoils the batch: at most so many of them go next. @param limit `null` as many as may. */
export function pushAgain(draft: Draft, limit: number | null): void {
  const { state } = draft;
  state.turn = { ...state.turn, limit: limit ?? limitOf(state) };
  push(draft);
}

/** The outbox is empty as far as it can be now. */
export function onPushedAll(draft: Draft, event: Extract<EngineEvent, { is: 'pushedAll' }>): void {
  const { state, at } = draft;
  if (probe(draft)) {
    push(draft);
    return;
  }
  const { isFresh, isPoll } = state.turn;
  noteProgress(draft);
  mendedFrom(draft, 'noAnswer', 'wedged');
  state.failures = 0;
  state.epochs = 0;
  state.lastError = state.faulty.at(-1)?.trouble ?? null;
  state.lastSyncedMs = at.nowMs;
  state.turn = NO_TURN;
  if (isPoll && state.revokedMs === null)
    draft.effects.push({ do: 'tellPage', reason: isFresh ? 'online' : 'poll' });
  if (mayWipe(state, event.undelivered, at.nowMs)) {
    wipe(draft);
    return;
  }
  if (!state.isGreeted || state.isDirty) goOn(draft);
  else rest(draft);
  startUploads(draft);
}

/** All is said; the poll comes at the latest. */
function rest(draft: Draft): void {
  draft.state.main = { at: 'idle' };
  // A little early by chance, never late: many laptops of one office must not poll in one beat.
  setTimer(draft, 'main', draft.state.timing.pollMs * (1 - 0.1 * draft.at.random));
}

/** The time for the next poll has come. */
export function poll(draft: Draft): void {
  const { state, at } = draft;
  state.wantsPoll = true;
  if (sampleAgeMs(state.clock, at.monotonicMs) > state.timing.clockSampleMs) state.isGreeted = false;
  goOn(draft);
}

/** A turn starts now if nothing is under way; otherwise right after it. */
export function wake(draft: Draft): void {
  const { state } = draft;
  if (state.main.at === 'idle') goOn(draft);
  else if (mainEffect(state) !== null) state.isDirty = true;
}

export function refresh(draft: Draft): void {
  const { state } = draft;
  draft.effects.push({ do: 'refreshLogin', effect: waitFor(draft, 'refreshing', state.timing.answerMs) });
}

export function enterEpoch(draft: Draft, epoch: string): void {
  const { state } = draft;
  const effect = waitFor(draft, 'enteringEpoch', state.timing.answerMs);
  draft.effects.push({ do: 'enterEpoch', effect, epoch });
}

export function renew(draft: Draft): void {
  const effect = waitFor(draft, 'renewing', draft.state.timing.identityMs);
  draft.effects.push({ do: 'becomeNewDevice', effect });
}

/** Everything is handed over, or the time for it is over. */
export function mayWipe(state: EngineState, undelivered: number, nowMs: number): boolean {
  if (state.revokedMs === null) return false;
  if (nowMs - state.revokedMs >= state.timing.revokedGraceMs) return true;
  return undelivered === 0 && state.uploads.effect === null && state.uploads.isEmpty;
}

export function wipe(draft: Draft): void {
  draft.effects.push({ do: 'wipe', effect: waitFor(draft, 'wiping', draft.state.timing.identityMs) });
}

/** Waits for a person; drops nothing. */
export function waitForLogin(draft: Draft): void {
  const { state } = draft;
  state.main = { at: 'needsLogin' };
  state.hasLogin = false;
  state.hasRefreshed = false;
  state.isGreeted = false;
  clearTimer(draft, 'main');
  closePokes(draft);
}

/** Tries again after a pause that grows. */
export function backOff(draft: Draft, failure: Failure): void {
  const { state, at } = draft;
  const { random } = at;
  const ms = pauseMs({ failures: state.failures, random, retryAfterMs: failure.retryAfterMs }, state.timing);
  state.failures++;
  state.isGreeted = false;
  state.turn = NO_TURN;
  state.wantsPoll = true;
  state.main = { at: 'backingOff', why: failure.kind };
  closePokes(draft);
  setTimer(draft, 'main', ms);
}
