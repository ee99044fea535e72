import type { Draft } from './draft.ts';
import type { EngineEvent } from './events.ts';
import type { EngineState, Turn } from './state.ts';

type BatchFailed = Extract<EngineEvent, { is: 'batchFailed' }>;

/** A fault of the server that has come so often in a row does not pass by itself. */
const FAULTS_BEFORE = 3;
/** More without a word in between, and it is not the facts: the server is left alone for a while. */
const MOST_FAULTS = 3;

/**
 * Whether it is this one fact that the server cannot take in, not whatever it is asked: it cannot read it, it failed at it
 * before, or it goes on failing when the fact stands alone.
 */
export function isFaulty({ faulty, failures, turn }: EngineState, event: BatchFailed): boolean {
  const { count, stream, failure } = event;
  if (count > 1) return false;
  if (failure.kind === 'unreadable' || faulty.some((one) => one.stream === stream)) return true;
  return failures >= FAULTS_BEFORE && turn.faults < MOST_FAULTS;
}

/** The stream of that fact waits from now on for the end of a poll: everything else gets past it, in later turns too. */
export function setApart({ state }: Draft, { stream, failure }: BatchFailed): void {
  const { kind, code, message } = failure;
  const { turn } = state;
  // What cannot be read says nothing about the server, however much there is of it. Asking for it again is bounded all the same.
  const isFault = kind !== 'unreadable' || turn.probing !== null;
  // To the end of the list: the next poll begins with those that were tried longest ago.
  state.faulty = [
    ...state.faulty.filter((one) => one.stream !== stream),
    { stream, trouble: { code, message } },
  ];
  state.turn = {
    ...turn,
    limit: null,
    skipStreams: [...turn.skipStreams, stream],
    faults: turn.faults + (isFault ? 1 : 0),
    probing: null,
  };
}

/** What a turn begins with: the streams that were set apart stand back. */
export function standBack(turn: Turn, { faulty }: EngineState): Turn {
  const streams = faulty.map(({ stream }) => stream);
  return { ...turn, skipStreams: streams, toProbe: turn.isPoll ? streams : [] };
}

/**
 * Everything else is sent: one of the streams that stood back is offered again, a fact at first. While it goes well, the next
 * one follows at once.
 * @returns whether there is one; if so, `turn` offers it.
 */
export function probe({ state }: Draft): boolean {
  const { turn } = state;
  // It was offered, and nothing of it is left in the outbox that may go.
  if (turn.probing !== null) state.faulty = state.faulty.filter(({ stream }) => stream !== turn.probing);
  const [next, ...toProbe] = turn.toProbe;
  if (next === undefined || turn.faults >= MOST_FAULTS) return false;
  const skipStreams = turn.skipStreams.filter((stream) => stream !== next);
  state.turn = { ...turn, toProbe, skipStreams, probing: next, limit: 1 };
  return true;
}
