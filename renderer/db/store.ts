import {
  foldEntity,
  foldOnto,
  parseKey,
  unknownRow,
  type FoldedRow,
  type Noun,
} from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine, Row } from '#shared/sync/protocol.ts';
import { openDatabase, type EventRecord, type EventStanding, type FaultlineDatabase } from './database.ts';
import { runList, type ListAnswer, type ListQuery } from './list-query.ts';
import { Memory } from './memory.ts';
import { gunzipText, pack, unpack } from './packing.ts';
import { summarise, type TicketSummary } from './summary.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';

const ROWS_PER_PAGE = 200;
/** Unpacked pages kept at hand: the tickets somebody looks at lie near each other. */
const PAGES_AT_HAND = 16;

/** Where pulling stands. Written in the same transaction as the facts it stands for. */
export interface SyncPosition {
  readonly epoch: string | null;
  readonly cursors: Readonly<Record<string, number>>;
  readonly isBootstrapped: boolean;
}

/** A fact as a timeline shows it. */
export interface EventWithStanding {
  readonly event: DomainEvent;
  readonly standing: EventStanding;
  readonly arrivedAt: number;
}

const NOWHERE: SyncPosition = { epoch: null, cursors: {}, isBootstrapped: false };

/**
 * The rebuildable cache of one workspace: packed pages of what the server
 * has folded, an overlay of rows that newer facts have changed, and the
 * facts themselves. Every change is one transaction; memory follows after it.
 */
export class Store {
  readonly #database: FaultlineDatabase;
  readonly #memory = new Memory();
  readonly #pages = new Map<string, Map<string, FoldedRow>>();
  readonly #listeners = new Set<(keys: ReadonlySet<string>) => void>();
  readonly #now: () => number;
  /** Writes go one after the other: each folds onto what the last one left. */
  #turn: Promise<unknown> = Promise.resolve();
  #loaded: Promise<void> | undefined;
  /** Entities of which all facts are here although their row came in a page. */
  readonly #complete = new Set<string>();
  /** Rows that a late fact sorts into, and whose facts are only on the server. */
  readonly #incomplete = new Set<string>();

  constructor(name: string, now: () => number) {
    this.#database = openDatabase(name);
    this.#now = now;
  }

  /** Reads everything a list needs into memory. Safe to call again; the work is done once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  async #load(): Promise<void> {
    for (const page of await this.#database.pages.toArray()) {
      if (page.summaries !== null) {
        for (const summary of await unpack<TicketSummary[]>(page.summaries))
          this.#memory.putSummary(summary, page.id);
      } else {
        for (const row of await unpack<FoldedRow[]>(page.rows)) this.#memory.put(row, this.#now());
      }
    }
    await this.#database.overlay.each(({ row }) => this.#memory.put(row, this.#now()));
    this.#announce(undefined);
  }

  /** What the last visit's first list looked like: painted before anything else is read. */
  async firstPage(): Promise<
    | { query: ListQuery; answer: ListAnswer; labels: Record<string, { name: string; nameEn?: string }> }
    | undefined
  > {
    const record = await this.#database.meta.get('firstPage');
    return record?.value as Awaited<ReturnType<Store['firstPage']>>;
  }

  async list(
    query: ListQuery,
  ): Promise<ListAnswer & { labels: Record<string, { name: string; nameEn?: string }> }> {
    await this.load();
    const answer = runList(this.#memory.summaries.values(), query, this.#memory.namesOf);
    const labels: Record<string, { name: string; nameEn?: string }> = {};
    for (const item of answer.items) {
      for (const key of [
        `customer/${item.customerId}`,
        `site/${item.siteId}`,
        `asset/${item.assetId}`,
        `user/${item.assignee ?? ''}`,
      ]) {
        const label = this.#memory.label(key);
        if (label !== undefined) labels[key] = label;
      }
    }
    if (query.offset === 0 && query.search === '') {
      await this.#database.meta.put({ key: 'firstPage', value: { query, answer, labels } });
    }
    return { ...answer, labels };
  }

  /** An entity as it stands, `undefined` when nothing is known of it. */
  async row(key: string): Promise<FoldedRow | undefined> {
    await this.load();
    return this.#memory.row(key) ?? (await this.#rowFromPage(key));
  }

  /** All entities of a noun that is kept in memory; not for tickets. */
  async rowsOf(noun: Exclude<Noun, 'ticket'>): Promise<FoldedRow[]> {
    await this.load();
    return this.#memory.rowsOf(noun);
  }

  /** The facts of an entity in the order they happened; a cold ticket's come only after a visit to the server. */
  async eventsOf(key: string): Promise<EventWithStanding[]> {
    const records = await this.#database.events.where('touches').equals(key).toArray();
    return records
      .map(({ event, standing, arrivedAt }) => ({ event, standing, arrivedAt }))
      .sort((a, b) => compareEvents(a.event, b.event));
  }

  async position(): Promise<SyncPosition> {
    return ((await this.#database.meta.get('position'))?.value as SyncPosition | undefined) ?? NOWHERE;
  }

  /** Takes in facts that the journal of this laptop holds. Facts already known are passed over. */
  applyLocal(events: readonly DomainEvent[]): Promise<void> {
    return this.#inTurn(() => this.#applyEvents(events, 'local', undefined));
  }

  /** The server's refusals: the facts stay, and leave the fold. */
  applyRefusals(eventIds: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const records = (await this.#database.events.bulkGet([...eventIds])).filter(
        (record): record is EventRecord => record !== undefined && record.standing !== 'refused',
      );
      if (records.length === 0) return;
      const keys = new Set(records.flatMap((record) => record.touches));
      const rows: FoldedRow[] = [];
      const refused = new Set(records.map((record) => record.id));
      for (const key of keys) {
        const row = await this.#foldAnew(key, [], refused);
        if (row !== undefined) rows.push(row);
      }
      await this.#database.transaction('rw', this.#database.events, this.#database.overlay, async () => {
        await this.#database.events.bulkPut(
          records.map((record) => ({ ...record, standing: 'refused' as const })),
        );
        await this.#database.overlay.bulkPut(rows.map((row) => ({ key: row.key, row })));
      });
      this.#remember(rows);
    });
  }

  /** Takes in one complete pull, in one transaction with the cursors it ends at. */
  applyPull(lines: readonly PullLine[]): Promise<void> {
    return this.#inTurn(async () => {
      const head = lines.find((line) => line.k === 'head');
      const end = lines.find((line) => line.k === 'end');
      if (head === undefined || end === undefined)
        throw new Error('A pull without head or end is not applied.');
      const before = await this.position();
      const position = {
        epoch: head.epoch,
        cursors: { ...before.cursors, ...end.cursors },
        isBootstrapped: before.isBootstrapped,
      };
      const events = lines.flatMap((line) => (line.k === 'event' ? [line.event] : []));
      await this.#applyEvents(events, 'confirmed', position);
    });
  }

  /** Rows to be folded anew from the server's facts: the caller fetches them for {@link applyEntity}. */
  incomplete(): string[] {
    return [...this.#incomplete];
  }

  /** Takes in all facts of one entity and folds it anew from them. */
  applyEntity(key: string, events: readonly DomainEvent[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#complete.add(key);
      this.#incomplete.delete(key);
      const records = events.map((event) => this.#record(event, 'confirmed'));
      const row = await this.#foldAnew(key, events, new Set());
      await this.#database.transaction('rw', this.#database.events, this.#database.overlay, async () => {
        await this.#database.events.bulkPut(records);
        if (row !== undefined) await this.#database.overlay.put({ key, row });
      });
      if (row !== undefined) this.#remember([row]);
    });
  }

  /**
   * Replaces the base with what the server has cut into segments.
   * `segments` are gzip NDJSON of rows; the position is written last, so that
   * a bootstrap cut short is not mistaken for a complete one.
   */
  async bootstrap(
    segments: AsyncIterable<{ scope: string; bytes: Uint8Array<ArrayBuffer> }>,
    position: SyncPosition | Promise<SyncPosition>,
  ): Promise<void> {
    await this.#inTurn(async () => {
      await this.#database.transaction('rw', this.#database.pages, this.#database.meta, async () => {
        await this.#database.meta.delete('position');
        await this.#database.pages.clear();
      });
      let pageCount = 0;
      for await (const { scope, bytes } of segments) {
        const rows = (await gunzipText(bytes))
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Row as unknown as FoldedRow);
        const pages = [];
        for (const [noun, group] of Map.groupBy(rows, (row) => parseKey(row.key)?.noun)) {
          if (noun === undefined) continue;
          for (let from = 0; from < group.length; from += ROWS_PER_PAGE) {
            const slice = group.slice(from, from + ROWS_PER_PAGE);
            const id = `${scope}|${noun}|${pageCount++}`;
            const summaries =
              noun === 'ticket'
                ? slice.map((row) => summarise(row.key, row.state as TicketState, this.#now()))
                : null;
            pages.push({
              id,
              scope,
              noun,
              rows: await pack(slice),
              summaries: summaries && (await pack(summaries)),
            });
          }
        }
        await this.#database.pages.bulkPut(pages);
      }
      const reached = await position;
      const local = await this.#database.events.filter((record) => record.standing === 'local').toArray();
      await this.#database.transaction(
        'rw',
        this.#database.overlay,
        this.#database.events,
        this.#database.meta,
        async () => {
          await this.#database.overlay.clear();
          await this.#database.events.clear();
          await this.#database.meta.put({ key: 'position', value: { ...reached, isBootstrapped: true } });
        },
      );
      this.#memory.clear();
      this.#pages.clear();
      this.#loaded = this.#load();
      await this.#loaded;
      await this.#applyEvents(
        local.map((record) => record.event),
        'local',
        undefined,
      );
    });
  }

  /** Told after each change which entities changed. @returns a function that ends it. */
  onDidChange(listener: (keys: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#turn;
    this.#database.close();
  }

  /** Called when the browser has taken the database away or it was closed under us. */
  onDidLoseDatabase(listener: () => void): void {
    this.#database.on('close', listener);
    this.#database.on('versionchange', () => {
      this.#database.close();
      listener();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work, work);
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async #applyEvents(
    events: readonly DomainEvent[],
    standing: EventStanding,
    position: SyncPosition | undefined,
  ): Promise<void> {
    await this.load();
    const known = await this.#database.events.bulkGet(events.map((event) => event.id));
    const fresh: DomainEvent[] = [];
    const confirmed: EventRecord[] = [];
    const seen = new Set<string>();
    events.forEach((event, index) => {
      const record = known[index];
      if (record === undefined) {
        if (!seen.has(event.id)) fresh.push(event);
        seen.add(event.id);
      } else if (standing === 'confirmed' && record.standing === 'local')
        confirmed.push({ ...record, standing });
    });
    const rows = await this.#foldFresh(fresh);
    const records = fresh.map((event) => this.#record(event, standing));
    const { events: eventTable, overlay, meta } = this.#database;
    await this.#database.transaction('rw', eventTable, overlay, meta, async () => {
      await eventTable.bulkPut([...records, ...confirmed]);
      await overlay.bulkPut(rows.map((row) => ({ key: row.key, row })));
      if (position !== undefined) await meta.put({ key: 'position', value: position });
    });
    this.#remember(
      rows,
      confirmed.flatMap((record) => record.touches),
    );
  }

  async #foldFresh(fresh: readonly DomainEvent[]): Promise<FoldedRow[]> {
    const byKey = new Map<string, DomainEvent[]>();
    for (const event of fresh) {
      for (const key of touches(event)) byKey.set(key, [...(byKey.get(key) ?? []), event]);
    }
    const rows: FoldedRow[] = [];
    for (const [key, group] of byKey) {
      const base = this.#memory.row(key) ?? (await this.#rowFromPage(key)) ?? unknownRow(key);
      if (base === undefined) continue;
      const folded = foldOnto(base, group);
      rows.push(folded.late ? ((await this.#foldAnew(key, group, new Set())) ?? folded.row) : folded.row);
    }
    return rows;
  }

  /** Folds an entity from every fact of it that is here, beside those given, without those left out. */
  async #foldAnew(
    key: string,
    extra: readonly DomainEvent[],
    leftOut: ReadonlySet<string>,
  ): Promise<FoldedRow | undefined> {
    if (this.#memory.pageOf.has(key) && !this.#complete.has(key)) {
      this.#incomplete.add(key);
      return undefined;
    }
    const records = await this.#database.events.where('touches').equals(key).toArray();
    const events = [
      ...records.filter((record) => record.standing !== 'refused').map((record) => record.event),
      ...extra,
    ].filter((event) => !leftOut.has(event.id));
    return foldEntity(key, events);
  }

  #record(event: DomainEvent, standing: EventStanding): EventRecord {
    return { id: event.id, touches: touches(event), standing, event, arrivedAt: this.#now() };
  }

  #remember(rows: readonly FoldedRow[], alsoChanged: readonly string[] = []): void {
    for (const row of rows) this.#memory.put(row, this.#now());
    this.#announce(new Set([...rows.map((row) => row.key), ...alsoChanged]));
  }

  #announce(keys: ReadonlySet<string> | undefined): void {
    for (const listener of this.#listeners) listener(keys ?? new Set(['*']));
  }

  async #rowFromPage(key: string): Promise<FoldedRow | undefined> {
    const pageId = this.#memory.pageOf.get(key);
    if (pageId === undefined) return undefined;
    let rows = this.#pages.get(pageId);
    if (rows === undefined) {
      const page = await this.#database.pages.get(pageId);
      if (page === undefined) return undefined;
      rows = new Map((await unpack<FoldedRow[]>(page.rows)).map((row) => [row.key, row]));
      this.#pages.set(pageId, rows);
      const oldest = this.#pages.keys().next().value;
      if (this.#pages.size > PAGES_AT_HAND && oldest !== undefined) this.#pages.delete(oldest);
    }
    return rows.get(key);
  }
}
