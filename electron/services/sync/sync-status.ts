import type { SyncStatus, UnsentBlob, Unsynced } from '#shared/host/sync.ts';
import { measuredClock } from '#shared/sync/engine/clock-offset.ts';
import type { EngineState } from '#shared/sync/engine/state.ts';
import { isHeldBack } from '#shared/sync/engine/poke-line.ts';
import { stuckWith } from '#shared/sync/engine/watch.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import type { Journal } from '../journal/journal.ts';
import type { OutboxItem } from '../journal/outbox.ts';
import { holdBack, wireBytes } from './plan-push.ts';
import type { TransferMeter } from './transfer-meter.ts';

export interface StatusSources {
  readonly state: EngineState;
  readonly journal: Journal;
  readonly uploads: readonly UnsentBlob[];
  readonly meter: TransferMeter;
  readonly nowMs: number;
  readonly monotonicMs: number;
}

const text = (ms: number): string => new Date(ms).toISOString();

/** The right to it, or to the whole device, was lost: the office has the fact and decides. */
export function isQuarantined(verdict: Verdict | null): boolean {
  return (
    verdict?.verdict === 'refused' &&
    (verdict.code === 'sync.noRight' || verdict.code === 'sync.deviceRevoked')
  );
}

interface OutboxCounts {
  readonly pending: number;
  readonly refused: number;
  readonly quarantined: number;
  /** The server was restored from a backup, and something is offered to it once more. */
  readonly isRestored: boolean;
  /** When the oldest of the pending was written. */
  readonly oldest: string | null;
}

const counted = new WeakMap<readonly OutboxItem[], OutboxCounts>();

/** The status is asked for far more often than the outbox changes: each list is counted once. */
function countsOf(outbox: readonly OutboxItem[]): OutboxCounts {
  let counts = counted.get(outbox);
  if (counts === undefined) {
    const refused = outbox.filter(({ state }) => state === 'refused');
    counts = {
      pending: outbox.length - refused.length,
      refused: refused.length,
      quarantined: refused.filter(({ verdict }) => isQuarantined(verdict)).length,
      isRestored: outbox.some(({ again }) => again === true),
      oldest: outbox.find(({ state }) => state !== 'refused')?.event.at ?? null,
    };
    counted.set(outbox, counts);
  }
  return counts;
}

/** What people are told of sync. */
export function syncStatus(sources: StatusSources): SyncStatus {
  const { state, journal, uploads, meter, nowMs, monotonicMs } = sources;
  const { pending, refused, quarantined, isRestored, oldest } = countsOf(journal.outbox());
  const stuck = stuckWith(state, oldest === null ? null : Date.parse(oldest), nowMs);
  const clock = measuredClock(state.clock, monotonicMs);
  return {
    state: state.shown.state,
    since: text(state.shown.sinceMs),
    offlineByChoice: state.isPaused,
    metered: state.isMetered,
    unsynced: pending,
    unsentBlobs: uploads.length,
    refused,
    quarantined,
    oldestPendingAt: oldest,
    lastSyncedAt: state.lastSyncedMs === null ? (journal.lastVerdictAt ?? null) : text(state.lastSyncedMs),
    lastError: state.lastError,
    nextTryAt: nextTryAt(state, pending > 0, uploads.length > 0),
    transfer: meter.current,
    stuck:
      stuck === null ? null : { since: text(stuck.sinceMs), reason: stuck.reason, restarts: state.restarts },
    ...(state.shown.state === 'needsLogin' && isRestored && { loginReason: 'restored' as const }),
    late: state.shown.state === 'online' && isHeldBack(state),
    clock:
      clock === null
        ? null
        : {
            offsetMs: Math.round(clock.offsetMs),
            uncertaintyMs: Math.ceil(clock.uncertaintyMs),
            measuredAt: text(clock.measuredMs),
          },
  };
}

/** When something that waits is tried next by itself. */
function nextTryAt(state: EngineState, hasFacts: boolean, hasBlobs: boolean): string | null {
  const { main, timers, uploads } = state;
  if (main.at === 'backingOff') return due(timers.main);
  if (main.at !== 'idle') return null;
  if (hasFacts) return due(timers.main);
  return hasBlobs && uploads.effect === null ? due(timers.uploads) : null;
}

const due = (timer: { readonly dueMs: number } | null): string | null =>
  timer === null ? null : text(timer.dueMs);

/** When an attachment is offered next by itself: behind the next turn, and behind a pause of the attachments' own. */
export function uploadTryAt(state: EngineState, blob: UnsentBlob['state'], nowMs: number): string | null {
  if (isStill(state) || blob === 'sending' || blob === 'metered' || blob === 'missing') return null;
  const { main, timers, uploads } = state;
  const turnMs = main.at === 'idle' || main.at === 'backingOff' ? (timers.main?.dueMs ?? nowMs) : nowMs;
  // What the server has not taken is passed over until the next poll.
  if (blob === 'refused') return text(turnMs);
  const pauseMs = uploads.effect === null ? (timers.uploads?.dueMs ?? nowMs) : nowMs;
  return text(main.at === 'backingOff' ? Math.max(turnMs, pauseMs) : pauseMs);
}

/** Nothing is tried before a person has done something. */
function isStill({ main, isPaused }: EngineState): boolean {
  return main.at === 'needsLogin' || isPaused || main.at === 'stopped' || main.at === 'wiped';
}

/** Every fact without a last good word, with why it stays and when it is tried again. */
export function unsyncedItems(journal: Journal, state: EngineState, nowMs: number): Unsynced[] {
  const { main, timers } = state;
  const waits = main.at === 'idle' || main.at === 'backingOff' ? due(timers.main) : text(nowMs);
  const troubles = new Map(state.faulty.map(({ stream, trouble }) => [stream, trouble]));
  const begun = new Set<string>();
  return holdBack(journal.outbox()).map((item) => {
    const { event, verdict, again } = item;
    const trouble = item.state === 'waiting' ? troubles.get(event.stream) : undefined;
    const isBehind = begun.has(event.stream);
    if (trouble !== undefined) begun.add(event.stream);
    const isRefused = item.state === 'refused' || item.state === 'held';
    return {
      event,
      state: item.state === 'refused' && isQuarantined(verdict) ? 'quarantined' : item.state,
      verdict,
      bytes: wireBytes(event),
      nextTryAt: isRefused || isStill(state) ? null : waits,
      ...(trouble !== undefined && (isBehind ? { behind: true } : { trouble })),
      ...(again === true && { again }),
    };
  });
}
