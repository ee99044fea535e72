import { type ClockReading, hasJumped, measuredClock, withReading } from './clock-offset.ts';
import type { Draft } from './draft.ts';

/** Takes in what an answer of the server says about its time. */
export function measure(draft: Draft, reading: ClockReading): void {
  const { state, at } = draft;
  state.clock = withReading(state.clock, reading);
  const measured = measuredClock(state.clock, at.monotonicMs);
  if (measured === null) return;
  const { offsetMs, uncertaintyMs } = measured;
  draft.effects.push({ do: 'noteClock', measured: { offsetMs, uncertaintyMs } });
}

/** A wall clock that was set says nothing any more about the server's: it is measured anew at the next chance. */
export function checkClock(draft: Draft): void {
  const { state, at } = draft;
  if (!hasJumped(state.clock, at.nowMs, at.monotonicMs)) return;
  state.clock = [];
  draft.effects.push({ do: 'noteClock', measured: null });
  // Not now: whoever set the clock may do it twice, and the next turn is never further than a poll.
  state.isGreeted = false;
}
