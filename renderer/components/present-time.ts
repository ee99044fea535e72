/** A difference this small to the server's clock is left as it is: correcting it would make seconds jump. */
const CLOSE_ENOUGH_MS = 1_000;

let offsetMs = 0;

/** Takes in how far this computer's clock is off (server minus laptop); `null` leaves what was known last. */
export function noteClock(
  clock: { readonly offsetMs: number; readonly uncertaintyMs: number } | null | undefined,
): void {
  if (clock === null || clock === undefined) return;
  offsetMs = Math.abs(clock.offsetMs) > CLOSE_ENOUGH_MS + clock.uncertaintyMs ? clock.offsetMs : 0;
}

/** The present instant in epoch milliseconds: what this computer's clock says, put right by the server's where they differ (S11). */
export function presentMs(): number {
  return Date.now() + offsetMs;
}

/** The present instant, ISO in UTC. */
export function presentInstant(): string {
  return new Date(presentMs()).toISOString();
}
