import { join } from 'node:path';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { JournalError } from './journal-error.ts';
import type { JournalLock } from './journal-lock.ts';
import type { Ledger, StreamHead } from './ledger.ts';
import { type Opener, openRecord } from './open-record.ts';
import type { JournalProblem } from './open-segments.ts';
import { frameRecord } from './record-frame.ts';
import type { JournalRecord } from './record.ts';
import { listSegments, type SegmentFiles, segmentName } from './segment-file.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface RetentionOptions extends Opener {
  readonly dir: string;
  readonly files: SegmentFiles;
  readonly lock: JournalLock;
  readonly ledger: Ledger;
  readonly writer: SegmentWriter;
  readonly problems: readonly JournalProblem[];
  /** All events of the journal by their ids. */
  readonly events: ReadonlyMap<string, DomainEvent>;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** As long as a server that forgot is offered again what it had. */
const SETTLED_MS = 30 * DAY_MS;
/** The head of a stream in which nothing was written for longer may go, if there are more than so many. */
const IDLE_MS = 365 * DAY_MS;
const KEPT_HEADS = 10_000;
/** So that no record comes near the limit of its size. */
const PER_RECORD = 10_000;

/**
 * Removes the oldest segments when nothing in them is needed any more: rules J18 to J20. What goes on being needed of them
 * stands on the disk, in a new segment, before the first one goes. Nothing may read or write the journal meanwhile.
 * @returns whether the run was written down. On a full or failing disk everything stays for the next opening.
 */
export async function removeSettledSegments(options: RetentionOptions): Promise<boolean> {
  const { dir, files, lock, ledger, writer } = options;
  const settled = await settledSegments(options);
  const last = settled.at(-1);
  if (last === undefined || !lock.isHeld()) return false;
  const heads = headsOf(last, options);
  const records = recordsFor(last, heads, options);
  try {
    writer.beginSegment();
    const places = await writer.write(records.map((record) => frameRecord(record)));
    records.forEach((record, index) => {
      const place = places[index];
      if (place !== undefined) ledger.apply(record, place);
    });
  } catch (thrown) {
    // Nothing was removed, and nothing is lost: a journal that cannot be written to can still be read.
    if (thrown instanceof JournalError) return false;
    throw thrown;
  }
  for (const segment of settled) {
    if (!lock.isHeld()) break;
    try {
      await files.remove(join(dir, segmentName(segment)));
      // One after the other, also for a loss of power: a segment without its successor would lack its verdicts.
      await files.syncFolder(dir);
    } catch (thrown) {
      // Another program has it open, say (a virus scanner): it stays for the next opening.
      if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown;
      break;
    }
    ledger.forget(segment, heads);
  }
  return true;
}

/** The oldest segments, up to the first that has to stay. */
async function settledSegments(options: RetentionOptions): Promise<number[]> {
  const { dir, ledger, problems, nowMs } = options;
  if (ledger.lastVerdictAt === undefined) return [];
  // A clock that is wrong today does not make anything old: the server's last word counts as well.
  const sinceMs = Math.min(nowMs(), Date.parse(ledger.lastVerdictAt)) - SETTLED_MS;
  const stay = segmentsInUse(ledger, sinceMs);
  const damaged = new Set(problems.map(({ file }) => file));
  const sealed = (await listSegments(dir)).slice(0, -1);
  const first = sealed.findIndex((segment) => stay.has(segment) || damaged.has(segmentName(segment)));
  return first === -1 ? sealed : sealed.slice(0, first);
}

function segmentsInUse(ledger: Ledger, sinceMs: number): Set<number> {
  const inUse = new Set<number>();
  for (const [id, { segment }] of ledger.places) {
    if (inUse.has(segment)) continue;
    const acceptedAt = ledger.acceptedAt.get(id);
    const settledMs = acceptedAt === undefined ? ledger.releasedMs.get(id) : Date.parse(acceptedAt);
    if (ledger.isOpen(id) || settledMs === undefined || settledMs > sinceMs) inUse.add(segment);
  }
  for (const [sha256, blob] of ledger.namedBlobs) {
    const place = ledger.namedIn.get(sha256);
    if (place !== undefined && blob.isAttachment && !ledger.deliveredBlobs.has(sha256))
      inUse.add(place.first);
  }
  return inUse;
}

/** Heads of the chains whose last event stands in no segment behind `last`. */
function headsOf(
  last: number,
  { ledger, events, device, nowMs }: RetentionOptions,
): Map<string, StreamHead & { hash: string }> {
  const heads: [string, StreamHead & { hash: string }][] = [];
  for (const [stream, head] of ledger.lastOfStream) {
    const place = ledger.places.get(head.id);
    // Another device's chain is never gone on with.
    if (head.device !== device || (place !== undefined && place.segment > last)) continue;
    const event = events.get(head.id);
    const hash = head.hash ?? (event === undefined ? undefined : hashEvent(event));
    if (hash !== undefined) heads.push([stream, { ...head, hash }]);
  }
  return new Map(keptHeads(heads, nowMs()));
}

/** Those of the last year, and of the older ones the youngest while there are not too many: J20. */
export function keptHeads<H extends { readonly ms: number }>(
  heads: readonly (readonly [stream: string, head: H])[],
  nowMs: number,
): (readonly [stream: string, head: H])[] {
  const youngestFirst = [...heads].sort(([, a], [, b]) => b.ms - a.ms);
  return youngestFirst.filter(([, { ms }], index) => index < KEPT_HEADS || ms > nowMs - IDLE_MS);
}

function recordsFor(
  last: number,
  heads: ReadonlyMap<string, StreamHead & { hash: string }>,
  { ledger, lock, device, run }: RetentionOptions,
): JournalRecord[] {
  const open = { ...openRecord(ledger, { device, run }), f: lock.fence };
  const named = [...ledger.namedBlobs.values()].filter(({ sha256 }) => {
    const isGoing = (ledger.namedIn.get(sha256)?.last ?? 0) <= last;
    return isGoing && !ledger.deliveredBlobs.has(sha256);
  });
  const delivered = [...ledger.deliveredBlobs].filter(
    (sha256) => (ledger.namedIn.get(sha256)?.last ?? 0) > last,
  );
  return [
    ...slices([...heads].map(([stream, { id, hash, ms }]) => ({ stream, id, hash, ms }))).map((some) => ({
      ...open,
      heads: some,
    })),
    ...slices(named).map((some) => ({ ...open, named: some })),
    ...slices(delivered).map((some) => ({ ...open, delivered: some })),
    // Once more by itself: counters and epoch must not hang on one record.
    open,
  ];
}

function slices<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / PER_RECORD);
  return Array.from({ length: count }, (_, i) => items.slice(i * PER_RECORD, (i + 1) * PER_RECORD));
}
