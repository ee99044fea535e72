import { foldEntity, foldOnto, unknownRow, type FoldedRow, type Noun } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { openDatabase, type EventRecord, type EventStanding, type FaultlineDatabase } from './database.ts';
import type { ListAnswer, ListQuery } from './list-query.ts';
import { Memory } from './memory.ts';
import { Pages, type Segment } from './pages.ts';

/** Where pulling stands. Written in the same transaction as the facts it stands for. */
export interface SyncPosition {
  readonly epoch: string | null;
  readonly cursors: Readonly<Record<string, number>>;
  readonly isBootstrapped: boolean;
  /** The pages that make up the base, by hash. Others may lie there of a bootstrap under way. */
  readonly pages: readonly string[];
}

/** A fact as a timeline shows it. */
export interface EventWithStanding {
  readonly event: DomainEvent;
  readonly standing: EventStanding;
  readonly arrivedAt: number;
}

const NOWHERE: SyncPosition = { epoch: null, cursors: {}, isBootstrapped: false, pages: [] };

/**
 * The rebuildable cache of one workspace: packed pages of what the server
 * has folded, an overlay of rows that newer facts have changed, and the
 * facts themselves. Every change is one transaction; memory follows after it.
 */
export class Store {
  readonly #database: FaultlineDatabase;
  readonly #memory = new Memory();
  readonly #pages: Pages;
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
    this.#pages = new Pages(this.#database, this.#memory, now);
  }

  /** Reads everything a list needs into memory. Safe to call again; the work is done once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  async #load(): Promise<void> {
    const incomplete = await this.#database.meta.get('incomplete');
    for (const key of (incomplete?.value as string[] | undefined) ?? []) this.#incomplete.add(key);
    for (const id of (await this.position()).pages) await this.#pages.remember(id);
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
    const answer = this.#memory.tickets.list(query, this.#memory.namedWith);
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
    return this.#memory.row(key) ?? (await this.#pages.row(key));
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
      const { events, overlay, meta } = this.#database;
      await this.#database.transaction('rw', events, overlay, meta, async () => {
        await events.bulkPut(records.map((record) => ({ ...record, standing: 'refused' as const })));
        await overlay.bulkPut(rows.map((row) => ({ key: row.key, row })));
        await this.#keepIncomplete();
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
      const position = { ...before, epoch: head.epoch, cursors: { ...before.cursors, ...end.cursors } };
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
      const { events: eventTable, overlay, meta } = this.#database;
      await this.#database
        .transaction('rw', eventTable, overlay, meta, async () => {
          await eventTable.bulkPut(records);
          if (row !== undefined) await overlay.put({ key, row });
          await this.#keepIncomplete();
        })
        .catch((thrown: unknown) => {
          this.#incomplete.add(key);
          throw thrown;
        });
      if (row !== undefined) this.#remember([row]);
    });
  }

  /** Which of these segments are not here yet: a bootstrap that was cut short goes on where it was. */
  missingPages(hashes: readonly string[]): Promise<string[]> {
    return this.#pages.missing(hashes);
  }

  /** Keeps a segment for the base to come. Nothing that is shown changes yet. */
  stagePage(segment: Segment): Promise<void> {
    return this.#pages.stage(segment);
  }

  /**
   * Makes the staged pages the base, in one transaction with the position they
   * stand for. Facts that wait here are folded on top again.
   */
  adoptPages(position: SyncPosition): Promise<void> {
    return this.#inTurn(async () => {
      const { pages, overlay, events, meta } = this.#database;
      const local = await events.filter((record) => record.standing !== 'confirmed').toArray();
      await this.#database.transaction('rw', pages, overlay, events, meta, async () => {
        await pages.where('id').noneOf(position.pages).delete();
        await overlay.clear();
        await events.clear();
        await meta.put({ key: 'position', value: position });
        await meta.delete('incomplete');
      });
      this.#memory.clear();
      this.#complete.clear();
      this.#incomplete.clear();
      for (const id of position.pages) await this.#pages.remember(id);
      this.#pages.settle();
      this.#loaded = Promise.resolve();
      this.#announce(undefined);
      await this.#restore(local);
    });
  }

  /** Puts back what this laptop alone knows: facts that wait, and facts that were refused. */
  async #restore(records: readonly EventRecord[]): Promise<void> {
    await this.#database.events.bulkPut(records.filter(({ standing }) => standing === 'refused'));
    await this.#applyEvents(
      records.filter(({ standing }) => standing === 'local').map(({ event }) => event),
      'local',
      undefined,
    );
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
      await this.#keepIncomplete();
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
      const base = this.#memory.row(key) ?? (await this.#pages.row(key)) ?? unknownRow(key);
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

  /** In the transaction that moves the cursor past a late fact: a restart must not forget that its row is behind. */
  async #keepIncomplete(): Promise<void> {
    await this.#database.meta.put({ key: 'incomplete', value: [...this.#incomplete] });
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
}
