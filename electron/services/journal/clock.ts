import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Where time comes from, so that tests can set it. */
export interface Clock {
  /** Unix milliseconds by the wall clock. */
  nowMs(): number;
  /** Milliseconds of a clock that only moves forward, comparable within one `bootId`. */
  monotonicMs(): number;
  readonly bootId: string;
  /** IANA name of the zone the device is in now. */
  timeZone(): string;
}

const ZONE_KEPT_MS = 1_000;

/** The clock of this computer. */
export function systemClock(): Clock {
  const bootId = readBootId();
  const zone = { name: '', readAtMs: -Infinity };
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
    bootId,
    timeZone: () => {
      // Asking costs more than all the rest of a stamp, and nobody travels faster.
      const nowMs = performance.now();
      if (nowMs - zone.readAtMs > ZONE_KEPT_MS) {
        zone.name = Intl.DateTimeFormat().resolvedOptions().timeZone;
        zone.readAtMs = nowMs;
      }
      return zone.name;
    },
  };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux names its boots. Elsewhere evidence is comparable within one run of the host, which is honest.
    return randomUUID();
  }
}
