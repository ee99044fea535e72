import type { SyncStatus } from '#shared/host/sync.ts';

/** Stamps still sort right, and the application puts times right by itself; from here on people will wonder. */
const WORTH_TELLING_MS = 60_000;

/** By how much this laptop's clock is off, positive when it is slow; `undefined` while that is not worth a word. */
export function clockOff(clock: SyncStatus['clock'] | undefined): number | undefined {
  if (clock === null || clock === undefined) return undefined;
  const { offsetMs, uncertaintyMs } = clock;
  return Math.abs(offsetMs) > WORTH_TELLING_MS + uncertaintyMs ? offsetMs : undefined;
}
