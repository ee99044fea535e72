import { parseKey, type FoldedRow } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { Cache } from './cache.ts';
import type { EventRecord } from './database.ts';
import { gzipText, sortIn } from './packing.ts';
import type { SealedPage } from './pages.ts';
import type { SyncPosition } from './position.ts';
import type { TicketSummary } from './summary.ts';
import { newPageId } from './take-away.ts';

export interface CompactionLimits {
  /** Confirmed rows in the overlay before it is worth a page. */
  readonly rows: number;
  /** Fewer are packed as well once one of their facts has been here so long. */
  readonly oldMs: number;
  /** Rows of a page. */
  readonly pageRows: number;
  /** Facts of packed entities are kept so long; after that they come on demand. */
  readonly keepFactsMs: number;
  /** To know what is old every fact has to be read: not more often than this. */
  readonly lookEveryMs: number;
}
export const COMPACTION: CompactionLimits = {
  rows: 2_000,
  oldMs: 7 * 24 * 3_600_000,
  pageRows: 2_000,
  keepFactsMs: 30 * 24 * 3_600_000,
  lookEveryMs: 15 * 60_000,
};

/** When all facts were last read to see what can be packed. */
export interface Look {
  readonly atMs: number;
  /** Rows in the overlay then. */
  readonly rows: number;
}

/** Whether there may be something to pack: asked at the end of every turn, so it must cost nothing. */
export function isWorthALook(now: Look, last: Look, limits: CompactionLimits): boolean {
  // Rows that wait for the server cannot be packed: what was in vain is tried again when there are clearly more.
  if (now.rows >= limits.rows && now.rows - last.rows >= limits.rows * WORTH_ANOTHER) return true;
  return now.atMs - last.atMs >= limits.lookEveryMs;
}

/** Rows worked on before others get their turn: a list must not wait for more than a frame. */
const SLICE = 50;
/** Records read at a time. */
const CHUNK = 500;
/** A page with a smaller share of rows that still stand is packed anew with the next. */
const MOSTLY_DEAD = 0.25;
const WORTH_ANOTHER = 0.25;

/** A row as it was when it was packed. */
interface Packed {
  readonly row: FoldedRow;
  readonly isWhole: boolean;
}

interface Batch {
  readonly scope: string;
  readonly rows: readonly Packed[];
  readonly superseded: readonly string[];
  readonly facts: readonly EventRecord[];
}

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Packs confirmed rows of the overlay into pages when there are many, and drops the facts of what has long been
 * packed. Reading and packing go on beside everything else; only the one transaction of a page takes its turn, and
 * it is left out when what was read has changed meanwhile.
 * @returns how many rows were packed.
 */
export async function compact(cache: Cache, limits: CompactionLimits, inTurn: InTurn): Promise<number> {
  const generation = cache.generation;
  const { memory } = cache;
  /** What is packed is what stood before the facts were read: nothing that waits here can be in it. */
  const before = new Map(memory.overlayKeys().map((key) => [key, memory.overlayRow(key)]));
  const byKey = await readFacts(cache);
  const confirmed = new Map<string, string[]>();
  for (const [key, row] of before) {
    const scope = scopeToPackIn(cache, key, byKey.get(key) ?? []);
    if (scope !== undefined && row !== undefined && isListed(row))
      confirmed.set(scope, [...(confirmed.get(scope) ?? []), key]);
  }
  let packed = 0;
  for (const [scope, keys] of confirmed) {
    const isOld = (record: EventRecord): boolean => record.arrivedAt < cache.now() - limits.oldMs;
    if (keys.length < limits.rows && !keys.some((key) => byKey.get(key)?.some(isOld) === true)) continue;
    for (let at = 0; at < keys.length; at += limits.pageRows) {
      const wanted = keys
        .slice(at, at + limits.pageRows)
        .filter((key) => memory.overlayRow(key) === before.get(key));
      const batch = await gather(cache, scope, wanted, byKey, at === 0 ? limits : undefined);
      const pages = await seal(cache, batch);
      const done = await inTurn(async () => {
        if (cache.generation !== generation) return false;
        await replace(cache, batch, pages);
        return true;
      });
      if (!done) return packed;
      packed += batch.rows.length;
    }
  }
  await inTurn(() => dropColdFacts(cache, cache.now() - limits.keepFactsMs));
  return packed;
}

/** The records of all facts by entity, read in pieces. */
async function readFacts(cache: Cache): Promise<Map<string, EventRecord[]>> {
  const byKey = new Map<string, EventRecord[]>();
  await eachRecord(cache, (record) => {
    for (const key of record.touches) {
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [record]);
      else known.push(record);
    }
  });
  return byKey;
}

async function eachRecord(cache: Cache, see: (record: EventRecord) => void): Promise<void> {
  let after = '';
  for (;;) {
    const records = await cache.database.events.where('id').above(after).limit(CHUNK).toArray();
    for (const record of records) see(record);
    const last = records.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** The one scope that gave all of the entity; `undefined` when something waits here, or several scopes gave it. */
function scopeToPackIn(cache: Cache, key: string, facts: readonly EventRecord[]): string | undefined {
  if (cache.incomplete.has(key)) return undefined;
  const scopes = new Set(facts.flatMap((fact) => fact.scopes));
  for (const page of cache.memory.placesOf(key)) scopes.add(cache.memory.page(page)?.scope ?? '');
  const isConfirmed = facts.every(({ standing }) => standing === 'confirmed');
  const [scope] = scopes;
  return isConfirmed && scopes.size === 1 && scope !== '' ? scope : undefined;
}

/** A ticket of which only other streams' facts are here is in no list. */
function isListed({ key, state }: FoldedRow): boolean {
  return parseKey(key)?.noun !== 'ticket' || (state as TicketState).isOpened;
}

/** The rows to pack with the facts in them, and with what still stands of pages that are mostly dead. */
async function gather(
  cache: Cache,
  scope: string,
  keys: readonly string[],
  byKey: ReadonlyMap<string, EventRecord[]>,
  merging: CompactionLimits | undefined,
): Promise<Batch> {
  const { memory } = cache;
  const rows: Packed[] = [];
  const facts = new Map<string, EventRecord>();
  for (const key of keys) {
    const row = memory.overlayRow(key);
    if (row === undefined) continue;
    rows.push({ row, isWhole: memory.isWhole(key) });
    for (const record of byKey.get(key) ?? []) {
      const known = facts.get(record.id) ?? record;
      if (!known.packed.includes(key)) facts.set(record.id, { ...known, packed: [...known.packed, key] });
    }
  }
  if (merging === undefined) return { scope, rows, superseded: [], facts: [...facts.values()] };
  const live = new Map<string, number>();
  const packing = new Set(keys);
  const scopePages = memory.pagesOf(scope);
  for (const key of memory.keysIn(new Set(scopePages.map(({ id }) => id)))) {
    const page = memory.placesOf(key).at(-1);
    if (page !== undefined && !packing.has(key)) live.set(page, (live.get(page) ?? 0) + 1);
  }
  const superseded: string[] = [];
  for (const { id, isWhole, count, packedAt } of scopePages) {
    const isSmall = packedAt > 0 && count < merging.pageRows * MOSTLY_DEAD;
    if (!isSmall && (live.get(id) ?? 0) > count * MOSTLY_DEAD) continue;
    const lines = await cache.linesOf(id);
    if (lines === undefined) continue;
    superseded.push(id);
    for (const [index, line] of lines.entries()) {
      if (index % SLICE === SLICE - 1) await pause();
      const row = line === '' ? undefined : (JSON.parse(line) as FoldedRow);
      if (row !== undefined && memory.placesOf(row.key).at(-1) === id && !packing.has(row.key))
        rows.push({ row, isWhole });
    }
  }
  return { scope, rows, superseded, facts: [...facts.values()] };
}

/** At most two pages: one of rows whose facts are all here, one of the others. */
async function seal(cache: Cache, { scope, rows }: Batch): Promise<SealedPage[]> {
  const pages: SealedPage[] = [];
  for (const isWhole of [true, false]) {
    const tickets: TicketSummary[] = [];
    const others: FoldedRow[] = [];
    let lines: string[] = [];
    const parts: string[] = [];
    for (const { row } of rows.filter((packed) => packed.isWhole === isWhole)) {
      sortIn(row, { tickets, others }, cache.now());
      lines.push(JSON.stringify(row));
      if (lines.length < SLICE) continue;
      parts.push(lines.join('\n'));
      lines = [];
      await pause();
    }
    if (lines.length > 0) parts.push(lines.join('\n'));
    if (parts.length === 0) continue;
    const header = { id: newPageId(), scope, packedAt: cache.now(), isWhole };
    pages.push(await cache.pages.seal(header, { tickets, others }, await gzipText(parts.join('\n'))));
  }
  return pages;
}

/** Pages in, overlay rows and superseded pages out, in one transaction. A row that has changed since stays over its page. */
async function replace(cache: Cache, batch: Batch, pages: readonly SealedPage[]): Promise<void> {
  const { scope, rows, superseded } = batch;
  const position = await cache.position();
  const gone = new Set(superseded);
  const next: SyncPosition = {
    ...position,
    pages: {
      ...position.pages,
      [scope]: [
        ...(position.pages[scope] ?? []).filter((id) => !gone.has(id)),
        ...pages.map(({ header }) => header.id),
      ],
    },
  };
  const unchanged = rows.map(({ row }) => row).filter((row) => cache.memory.overlayRow(row.key) === row);
  await cache.commit({
    pages,
    gonePages: superseded,
    goneRows: unchanged.map(({ key }) => key),
    records: await stillThere(cache, batch.facts),
    position: next,
  });
}

/** Nothing that was removed since comes back, and nothing that was learnt since is lost. */
async function stillThere(cache: Cache, marked: readonly EventRecord[]): Promise<EventRecord[]> {
  const now = await cache.database.events.bulkGet(marked.map(({ id }) => id));
  return now.flatMap((record, index) => {
    const packed = marked[index]?.packed;
    return record === undefined || packed === undefined ? [] : [{ ...record, packed }];
  });
}

/** Facts of packed entities go when they are old; their pages no longer have all facts here. */
async function dropColdFacts(cache: Cache, before: number): Promise<void> {
  const goneFacts: string[] = [];
  const keys = new Set<string>();
  const packedBefore = new Set(
    cache.memory
      .allPages()
      .filter(({ packedAt }) => packedAt > 0 && packedAt < before)
      .map(({ id }) => id),
  );
  if (packedBefore.size === 0) return;
  await eachRecord(cache, ({ id, touches, packed, arrivedAt, standing }) => {
    const isCold = touches.every((key) => packed.includes(key) && cache.memory.overlayRow(key) === undefined);
    if (!isCold || arrivedAt >= before || standing !== 'confirmed') return;
    goneFacts.push(id);
    for (const key of touches) keys.add(key);
  });
  if (goneFacts.length === 0) return;
  const partial = new Set([...keys].flatMap((key) => cache.memory.placesOf(key)));
  await cache.forgetFacts(goneFacts, [...partial]);
}

/** Lets a waiting list go first. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener(
      'message',
      () => {
        port1.close();
        resolve();
      },
      { once: true },
    );
    port1.start();
    port2.postMessage(undefined);
  });
}
