/** What a device notes beside the time of an event, to prove it. */
export interface ClockEvidence {
  /** The wall clock, epoch milliseconds. */
  readonly wallMs: number;
  /** A clock that only runs forward while the device is awake; its zero means nothing. */
  readonly monotonicMs: number;
  /** Differs after every start of the device, and with it the zero of the monotonic clock. */
  readonly bootId: string;
  /** Server time less device time when last measured; absent where it never was. */
  readonly offsetMs?: number | undefined;
  /** The truth lies within this of `offsetMs`; absent where it was not measured. */
  readonly uncertaintyMs?: number | undefined;
}

/**
 * - steady: both clocks moved alike
 * - movedBack, movedForward: the wall clock was set, by `byMs`
 * - sleptOrMovedForward: the wall clock is ahead by `byMs`; a monotonic clock
 *   stands still in sleep, so without the server this cannot be told from setting it
 * - unknown: the device was started in between and no server was asked
 */
export type WallClockChange =
  | { readonly kind: 'steady' | 'unknown' }
  | { readonly kind: 'movedBack' | 'movedForward' | 'sleptOrMovedForward'; readonly byMs: number };

/**
 * Whether somebody moved the wall clock between two events of one device (S9).
 * An offset to the server that was measured anew decides: setting the clock
 * changes it, sleeping does not. Two equal offsets are one measurement, carried
 * along, and prove nothing. `toleranceMs` is the drift that is no finding; two measurements may also differ by what
 * each of them left open.
 */
export function wallClockChange(
  earlier: ClockEvidence,
  later: ClockEvidence,
  toleranceMs: number,
): WallClockChange {
  if (earlier.offsetMs !== undefined && later.offsetMs !== undefined && earlier.offsetMs !== later.offsetMs) {
    const open = (earlier.uncertaintyMs ?? 0) + (later.uncertaintyMs ?? 0);
    return moved(earlier.offsetMs - later.offsetMs, toleranceMs + open, 'movedForward');
  }
  if (earlier.bootId !== later.bootId) return { kind: 'unknown' };
  const gained = later.wallMs - earlier.wallMs - (later.monotonicMs - earlier.monotonicMs);
  return moved(gained, toleranceMs, 'sleptOrMovedForward');
}

function moved(
  gainedMs: number,
  toleranceMs: number,
  ahead: 'movedForward' | 'sleptOrMovedForward',
): WallClockChange {
  if (Math.abs(gainedMs) <= toleranceMs) return { kind: 'steady' };
  return gainedMs < 0 ? { kind: 'movedBack', byMs: -gainedMs } : { kind: ahead, byMs: gainedMs };
}
