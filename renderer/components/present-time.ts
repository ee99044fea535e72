import { jumpBound, jumpMs } from '#shared/sync/engine/clock-offset.ts';

/** A difference this small to the server's clock is left as it is: correcting it would make seconds jump. */
const CLOSE_ENOUGH_MS = 1_000;
/** Who sets a clock by hand sets it to the minute. */
const BY_HAND_MS = 60_000;

interface Known {
  /** Server minus laptop. */
  readonly offsetMs: number;
  readonly measuredAt: string | undefined;
  /** What the clocks here said when it was told. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

let known: Known | undefined;

/** Takes in how far this computer's clock is off (server minus laptop); `null` leaves what was known last. */
export function noteClock(
  clock:
    | { readonly offsetMs: number; readonly uncertaintyMs: number; readonly measuredAt?: string }
    | null
    | undefined,
): void {
  if (clock === null || clock === undefined) return;
  const { measuredAt } = clock;
  // Said once more of the same measurement: what the clock did since is seen from here.
  if (measuredAt !== undefined && measuredAt === known?.measuredAt) return;
  const isWorthIt = Math.abs(clock.offsetMs) > CLOSE_ENOUGH_MS + clock.uncertaintyMs;
  const offsetMs = isWorthIt ? clock.offsetMs : 0;
  known = { offsetMs, measuredAt, wallMs: Date.now(), monotonicMs: performance.now() };
}

/**
 * What is to be added to this computer's clock. When that was moved since: backwards, it was set, and the time since is known
 * all the same. Forwards to where the server's is, it was put right. Forwards to anywhere else, the computer most likely slept.
 */
export function presentOffsetMs(): number {
  if (known === undefined) return 0;
  const { offsetMs } = known;
  const monotonicMs = performance.now();
  const movedMs = jumpMs(known, Date.now(), monotonicMs);
  if (Math.abs(movedMs) <= jumpBound(known, monotonicMs)) return offsetMs;
  if (movedMs < 0) return Math.round(offsetMs - movedMs);
  const toTheServersMs = Math.abs(movedMs - offsetMs);
  return toTheServersMs <= Math.min(BY_HAND_MS, offsetMs / 10) ? 0 : offsetMs;
}

/** The present instant in epoch milliseconds: what this computer's clock says, put right by the server's where they differ (S11). */
export function presentMs(): number {
  return Date.now() + presentOffsetMs();
}

/** The present instant, ISO in UTC. */
export function presentInstant(): string {
  return new Date(presentMs()).toISOString();
}
