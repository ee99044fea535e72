import { driftMs, jumpBound, jumpMs } from '#shared/sync/engine/clock-offset.ts';

/** What the clocks of this computer say at one moment. */
export interface ClockFace {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** An offset to the server (server minus device), and when it was noted. */
export interface MeasuredOffset extends ClockFace {
  readonly offsetMs: number;
  /** The truth lies within this of `offsetMs`. */
  readonly uncertaintyMs: number | undefined;
}

/**
 * What is still known of the server's time. A wall clock that fell behind the monotonic one was set, and the offset says nothing any
 * more. One that ran ahead was set, or the laptop slept, which nobody can tell apart here: the offset is less certain by that much.
 */
export function offsetAt(
  known: MeasuredOffset | undefined,
  now: ClockFace,
): { offsetMs?: number; uncertaintyMs?: number } {
  if (known === undefined) return {};
  const { offsetMs, uncertaintyMs } = known;
  const jump = jumpMs(known, now.wallMs, now.monotonicMs);
  const isJump = Math.abs(jump) > jumpBound(known, now.monotonicMs);
  if (isJump && (jump < 0 || uncertaintyMs === undefined)) return {};
  if (uncertaintyMs === undefined) return { offsetMs };
  const drift = driftMs(now.monotonicMs - known.monotonicMs);
  return { offsetMs, uncertaintyMs: Math.ceil(uncertaintyMs + drift + (isJump ? jump : 0)) };
}
