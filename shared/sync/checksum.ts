/**
 * Order-free hash over a set of event ids: the ids' random 64 bits are added
 * modulo 2^64. Adding is its own inverse with subtraction, so a laptop keeps it
 * up to date event by event. It finds loss and repetition, not forgery: that is the hash chain's work.
 */
const MASK = (1n << 64n) - 1n;

/** The checksum after one more event. `hash` is 16 hex digits; the empty set is sixteen zeros. */
export function addToChecksum(hash: string, eventId: string): string {
  const digits = eventId.replaceAll('-', '');
  const sum =
    (BigInt(`0x${hash}`) + BigInt(`0x${digits.slice(0, 16)}`) * 31n + BigInt(`0x${digits.slice(16)}`)) & MASK;
  return sum.toString(16).padStart(16, '0');
}

export const EMPTY_CHECKSUM = '0000000000000000';
