import { z } from 'zod';
import type { SyncStatus } from '#shared/host/sync.ts';
import { driftMs, jumpBound, jumpMs, type MeasuredClock } from '#shared/sync/engine/clock-offset.ts';
import type { Clock } from '../journal/clock.ts';
import { type ClockFace, offsetAt } from '../journal/measured-offset.ts';

/** The last measured offset to the server, and what the clocks of this computer said then. */
export const KeptClockSchema = z.object({
  /** Server minus device. */
  offsetMs: z.number(),
  uncertaintyMs: z.number(),
  wallMs: z.number(),
  monotonicMs: z.number(),
  bootId: z.string(),
  /** By the laptop's wall clock; tells one measurement from another. */
  measuredMs: z.number(),
});
export type KeptClock = z.infer<typeof KeptClockSchema>;

/** What is known of the server's time without having asked it since. */
export interface RecalledOffset {
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
  /** The clock is slow by at least `offsetMs`: what passed while it stood still, or slept, is not known. */
  readonly isFloor: boolean;
  /** No step of the clock can have stayed unseen since: good enough to be evidence of when something happened. */
  readonly isEvidence: boolean;
}

/** A clock that is noted more often wears the disk for nothing. */
const KEEP_EVERY_MS = 5 * 60_000;

/**
 * SY87: what a measurement from before says now. Within one run of the computer the monotonic clock tells what the wall clock
 * did. Behind a restart of the computer nothing does: by all that the wall clock went on it may have been set, and is
 * that much less certain. One that went back was set, or stood still: then the server's time is only known to be later than it was.
 */
export function recallOffset(
  kept: KeptClock,
  now: ClockFace & { readonly bootId: string },
): RecalledOffset | undefined {
  const isSameBoot = kept.bootId === now.bootId || hasGoneOn(kept, now);
  if (isSameBoot) {
    const { offsetMs, uncertaintyMs } = offsetAt(kept, now);
    if (offsetMs !== undefined && uncertaintyMs !== undefined)
      return { offsetMs, uncertaintyMs, isFloor: false, isEvidence: true };
  } else if (now.wallMs >= kept.wallMs) {
    const passedMs = now.wallMs - kept.wallMs;
    const uncertaintyMs = Math.ceil(kept.uncertaintyMs + driftMs(passedMs) + passedMs);
    return { offsetMs: kept.offsetMs, uncertaintyMs, isFloor: false, isEvidence: false };
  }
  const passedMs = isSameBoot ? now.monotonicMs - kept.monotonicMs : 0;
  const offsetMs = Math.round(kept.wallMs + kept.offsetMs + passedMs - now.wallMs);
  const uncertaintyMs = Math.ceil(kept.uncertaintyMs + driftMs(passedMs));
  // A clock that is not behind what the server's was then may be right: nothing is known of it.
  return offsetMs > uncertaintyMs ? { offsetMs, uncertaintyMs, isFloor: true, isEvidence: false } : undefined;
}

/** Both clocks went on side by side: the same run of the computer, where the system does not name them. */
function hasGoneOn(kept: KeptClock, { wallMs, monotonicMs }: ClockFace): boolean {
  const isLater = monotonicMs >= kept.monotonicMs;
  return isLater && Math.abs(jumpMs(kept, wallMs, monotonicMs)) <= jumpBound(kept, monotonicMs);
}

/** What this laptop knows of the server's time between two measurements, and over its own restarts. */
export class KnownClock {
  readonly #clock: Clock;
  readonly #keep: (kept: KeptClock) => void;
  #last: KeptClock | undefined;
  #isFloor: boolean;
  #keptMs: number | undefined;
  /** What a run before measured, as far as it is evidence in this one. */
  readonly evidence: { readonly offsetMs: number; readonly uncertaintyMs: number } | undefined;

  constructor(clock: Clock, kept: KeptClock | undefined, keep: (kept: KeptClock) => void = () => undefined) {
    this.#clock = clock;
    this.#keep = keep;
    const now = this.#now();
    const recalled = kept === undefined ? undefined : recallOffset(kept, now);
    this.#isFloor = recalled?.isFloor === true;
    if (kept === undefined || recalled === undefined) return;
    const { offsetMs, uncertaintyMs } = recalled;
    // From here on the clocks of this run tell what happens to it.
    this.#last = { ...now, offsetMs, uncertaintyMs, measuredMs: kept.measuredMs };
    if (recalled.isEvidence) this.evidence = { offsetMs, uncertaintyMs };
  }

  /** Takes in what was just measured. */
  note({ offsetMs, uncertaintyMs, measuredMs }: MeasuredClock): void {
    const before = this.#last;
    const now = this.#now();
    this.#isFloor = false;
    this.#last = {
      ...now,
      offsetMs: Math.round(offsetMs),
      uncertaintyMs: Math.ceil(uncertaintyMs),
      measuredMs,
    };
    const isOther =
      before === undefined || Math.abs(before.offsetMs - offsetMs) > before.uncertaintyMs + uncertaintyMs;
    if (!isOther && this.#keptMs !== undefined && now.monotonicMs - this.#keptMs < KEEP_EVERY_MS) return;
    this.#keptMs = now.monotonicMs;
    this.#keep(this.#last);
  }

  /** For people, when nothing has been measured since the clock was set or this run began. */
  get shown(): SyncStatus['clock'] {
    const recalled = this.#last === undefined ? undefined : recallOffset(this.#last, this.#now());
    if (recalled === undefined || this.#last === undefined) return null;
    const { offsetMs, uncertaintyMs } = recalled;
    const measuredAt = new Date(this.#last.measuredMs).toISOString();
    const isFloor = this.#isFloor || recalled.isFloor;
    return { offsetMs, uncertaintyMs, measuredAt, ...(isFloor && { isFloor }) };
  }

  #now(): ClockFace & { bootId: string } {
    const { bootId } = this.#clock;
    return { wallMs: this.#clock.nowMs(), monotonicMs: this.#clock.monotonicMs(), bootId };
  }
}
