import { type Calendar, type CalendarVersion, inOrderOfForce, minuteOfDay, WEEK_DAYS } from './calendar.ts';
import { epochMs } from './instants.ts';
import { SlaError } from './sla-error.ts';
import { wallClock, wallDate } from './wall-clock.ts';

/** A calendar that applies from `from` (included) to `to` (excluded), epoch milliseconds. */
interface Reign {
  readonly calendar: Calendar;
  readonly from: number;
  readonly to: number;
}

/** The working windows of one block of time, sorted and disjoint; `before[i]` is the working time ahead of window i. */
interface Block {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly before: readonly number[];
  readonly total: number;
}

/** A calendar ready for questions on epoch milliseconds. Blocks of windows are worked out when first asked for. */
export interface CompiledCalendar {
  readonly zone: string;
  readonly reigns: readonly Reign[];
  readonly blocks: Map<number, Block>;
}

/** Compiled calendars by id, as the clocks want them. */
export type CalendarBook = ReadonlyMap<string, CompiledCalendar>;

// Time is cut into blocks only so that a calendar is worked out piece by piece:
// a block costs about a millisecond, far less than a frame of the screen.
const BLOCK_MS = 32 * 24 * 3600 * 1000;

// Beyond these a record's clock was wrong, and nothing is counted.
const FIRST_MS = 0;
const LAST_MS = epochMs('2200-01-01T00:00:00Z');

// A calendar without working time for so long has none: the promise never falls due.
const HORIZON_BLOCKS = Math.ceil((10 * 366) / 32);

/** Prepares one calendar that has always been in force. The calendar is a value: it must not be changed afterwards. */
export function compileCalendar(calendar: Calendar): CompiledCalendar {
  return { zone: calendar.zone, reigns: [{ calendar, from: -Infinity, to: Infinity }], blocks: new Map() };
}

/**
 * Prepares the versions of one calendar: each instant is working time or not by
 * the version in force at that instant, so a later version never changes what
 * had elapsed before (S3).
 */
export function compileCalendarVersions(versions: readonly CalendarVersion[]): CompiledCalendar {
  const ordered = inOrderOfForce(versions);
  const latest = ordered.at(-1);
  if (latest === undefined) throw new SlaError('invalidCalendar', 'A calendar needs at least one version.');
  const reigns = ordered.map((calendar, index) => {
    const next = ordered[index + 1];
    return {
      calendar,
      from: index === 0 ? -Infinity : epochMs(calendar.inForceFrom),
      to: next === undefined ? Infinity : epochMs(next.inForceFrom),
    };
  });
  return { zone: latest.zone, reigns, blocks: new Map() };
}

/** Prepares all calendars of a list that may hold several versions of each. */
export function compileCalendars(versions: readonly CalendarVersion[]): CalendarBook {
  const byId = Map.groupBy(versions, (calendar) => calendar.id);
  return new Map([...byId].map(([id, group]) => [id, compileCalendarVersions(group)]));
}

/** Working milliseconds between two instants; 0 where `to` is not after `from`. */
export function workingMs(calendar: CompiledCalendar, from: number, to: number): number {
  const start = Math.max(from, FIRST_MS);
  const end = Math.min(to, LAST_MS);
  if (!(end > start)) return 0;
  const first = Math.floor(start / BLOCK_MS);
  const last = Math.floor(end / BLOCK_MS);
  const firstBlock = blockAt(calendar, first);
  if (first === last) return workedBefore(firstBlock, end) - workedBefore(firstBlock, start);
  let sum = firstBlock.total - workedBefore(firstBlock, start);
  for (let index = first + 1; index < last; index += 1) sum += blockAt(calendar, index).total;
  return sum + workedBefore(blockAt(calendar, last), end);
}

/**
 * The first instant, not before `start`, by which `ms` of working time have
 * passed since `start`; undefined where ten years do not hold so much.
 */
export function afterWorking(calendar: CompiledCalendar, start: number, ms: number): number | undefined {
  if (ms <= 0) return start;
  if (start >= LAST_MS) return undefined;
  const from = Math.max(start, FIRST_MS);
  const first = Math.floor(from / BLOCK_MS);
  let wanted = ms + workedBefore(blockAt(calendar, first), from);
  for (let index = first; index < first + HORIZON_BLOCKS; index += 1) {
    const block = blockAt(calendar, index);
    if (wanted <= block.total) {
      // The last window ahead of which less than the wanted time lies.
      const window = lastBelow(block.before, wanted);
      return (block.starts[window] ?? 0) + wanted - (block.before[window] ?? 0);
    }
    wanted -= block.total;
  }
  return undefined;
}

/** The start of the next working window if the instant lies outside working time, else undefined. */
export function nextWorkingStart(calendar: CompiledCalendar, at: number): number | undefined {
  const soon = afterWorking(calendar, at, 1);
  return soon === undefined || soon <= at + 1 ? undefined : soon - 1;
}

function blockAt(calendar: CompiledCalendar, index: number): Block {
  const known = calendar.blocks.get(index);
  if (known !== undefined) return known;
  const block = buildBlock(calendar, index * BLOCK_MS, (index + 1) * BLOCK_MS);
  calendar.blocks.set(index, block);
  return block;
}

/** Working time of the block ahead of the instant. */
function workedBefore(block: Block, at: number): number {
  const window = lastBelow(block.starts, at);
  if (window < 0) return 0;
  const start = block.starts[window] ?? 0;
  return (block.before[window] ?? 0) + Math.min(at, block.ends[window] ?? 0) - start;
}

/** Index of the last number below the limit in a sorted list, -1 where there is none. */
function lastBelow(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function buildBlock(calendar: CompiledCalendar, from: number, to: number): Block {
  const windows = calendar.reigns.flatMap((reign) =>
    windowsBetween(reign.calendar, Math.max(from, reign.from), Math.min(to, reign.to)),
  );
  windows.sort((a, b) => a[0] - b[0]);
  const starts: number[] = [];
  const ends: number[] = [];
  for (const [start, end] of windows) {
    const previous = ends.at(-1);
    if (previous !== undefined && start <= previous) ends[ends.length - 1] = Math.max(previous, end);
    else {
      starts.push(start);
      ends.push(end);
    }
  }
  const before: number[] = [];
  let total = 0;
  for (const [index, start] of starts.entries()) {
    before.push(total);
    total += (ends[index] ?? start) - start;
  }
  return { starts, ends, before, total };
}

/** The calendar's windows as instants, cut to the interval, in the order of their days. */
function windowsBetween(calendar: Calendar, from: number, to: number): [number, number][] {
  if (!(to > from)) return [];
  const windows: [number, number][] = [];
  const holidays = new Set(calendar.holidays);
  const instantOf = wallClock(calendar.zone, from, to);
  const lastDay = wallDate(calendar.zone, to).toString();
  // A window reaches up to 48:00, so one of two days ago may still be open.
  let day = wallDate(calendar.zone, from).subtract({ days: 2 });
  for (let name = day.toString(); name <= lastDay; name = day.toString()) {
    const weekly = calendar.week[WEEK_DAYS[day.dayOfWeek - 1] ?? 'mon'] ?? [];
    const ofDay = calendar.makeUpDays[name] ?? (holidays.has(name) ? [] : weekly);
    for (const [opens, closes] of ofDay) {
      const start = Math.max(from, instantOf(day, minuteOfDay(opens), 'start'));
      const end = Math.min(to, instantOf(day, minuteOfDay(closes), 'end'));
      if (end > start) windows.push([start, end]);
    }
    day = day.add({ days: 1 });
  }
  return windows;
}
