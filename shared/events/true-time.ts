import type { DomainEvent } from './envelope.ts';

/** A clock this close to the server's moves nothing that people could notice. */
export const CLOSE_ENOUGH_MS = 1_000;

/**
 * When a fact happened, in epoch milliseconds, as nearly as is known: what the device's wall clock said, put right by its offset to
 * the server where that was measured (S11). NaN if `at` is no instant.
 */
export function trueTimeOf({ at, clock }: Pick<DomainEvent, 'at' | 'clock'>): number {
  const { offsetMs = 0 } = clock;
  return Date.parse(at) + (Math.abs(offsetMs) > CLOSE_ENOUGH_MS ? offsetMs : 0);
}
