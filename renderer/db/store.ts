import type { FoldedRow, Noun } from '#shared/domain/projection.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { adoptScope, type Adoption } from './adopt-scope.ts';
import { Cache, type Fact, type LaidRow } from './cache.ts';
import { Cipher, Unreadable } from './cipher.ts';
import { compact, COMPACTION, isWorthALook, type CompactionLimits, type Look } from './compact.ts';
import { openDatabase, type EventRecord, type EventStanding, type FaultlineDatabase } from './database.ts';
import { readDeliveries, type Delivered } from './deliveries.ts';
import { foldAgain, foldLive } from './folding.ts';
import type { ListAnswer, ListQuery } from './list-query.ts';
import type { Segment } from './pages.ts';
import { advance, type Mismatch, type SyncPosition } from './position.ts';
import { cutOut, strangersOf, takeAway } from './take-away.ts';
import { takeIn, takeInNew } from './take-in.ts';

/** A fact as a timeline shows it. */
export interface EventWithStanding {
  readonly event: DomainEvent;
  readonly standing: EventStanding;
  readonly arrivedAt: number;
}

/** What became of a pull, for whoever decides what comes next. */
export interface PullOutcome {
  readonly mismatched: readonly Mismatch[];
  /** Scopes that are new here and of which more is to come than one pull brings. */
  readonly gained: readonly string[];
  /** Scopes whose pages have something folded in that left. */
  readonly stale: readonly string[];
  /** Something hidden is visible again: facts that wait in the journal belong to it. */
  readonly regained: boolean;
}

export type Labels = Record<string, { name: string; nameEn?: string }>;
export interface FirstPage {
  readonly query: ListQuery;
  readonly answer: ListAnswer;
  readonly labels: Labels;
}

export interface StoreOptions {
  /** 32 bytes that seal what is kept; without them it lies there as it is. */
  readonly key?: Uint8Array<ArrayBuffer>;
  readonly compaction?: CompactionLimits;
}

const FIRST_PAGE = 'meta/firstPage';
const yes = (): boolean => true;
const no = (): boolean => false;

/**
 * The rebuildable cache of one workspace: packed pages of what the server has folded, an overlay of rows that newer
 * facts have changed, and the facts themselves, all sealed under one key. Every change is one transaction; memory follows after it.
 */
export class Store {
  readonly #database: FaultlineDatabase;
  readonly #now: () => number;
  readonly #compaction: CompactionLimits;
  readonly #listeners = new Set<(keys: ReadonlySet<string>) => void>();
  readonly #damageListeners = new Set<() => void>();
  readonly #opened: Promise<Cache>;
  #lastLook: Look;
  /** The last facts of this laptop were new here, so the next ones will be. */
  #areLocalNew = false;
  /** Writes go one after the other: each folds onto what the last one left. */
  #turn: Promise<unknown> = Promise.resolve();
  #loaded: Promise<Cache> | undefined;
  /** By us or by the browser: said once. */
  #isClosed = false;
  /** There may be things here from a time without a key. */
  #isSealing = false;
  #sealed: Promise<void> = Promise.resolve();

  constructor(name: string, now: () => number, { key, compaction = COMPACTION }: StoreOptions = {}) {
    this.#database = openDatabase(name);
    this.#now = now;
    this.#compaction = compaction;
    this.#lastLook = { atMs: now(), rows: 0 };
    this.#opened = this.#open(key);
    // Whoever asks the store is told; until then nobody is.
    this.#opened.catch(() => undefined);
  }

  async #open(key: Uint8Array<ArrayBuffer> | undefined): Promise<Cache> {
    const cipher = key === undefined ? Cipher.plain() : await Cipher.withKey(key);
    const cache = new Cache(
      this.#database,
      cipher,
      this.#now,
      (keys) => this.#announce(keys),
      () => {
        for (const listener of this.#damageListeners) listener();
      },
    );
    const { meta } = this.#database;
    const [known, unfinished] = await meta.bulkGet(['keyCheck', 'resealing']);
    const check = known?.value as Uint8Array<ArrayBuffer> | undefined;
    // Sealed under a key that is no longer here: it says nothing to anybody, and journal and server fill it again.
    const fits = check === undefined || (await cipher.open('meta/keyCheck', check).then(yes, no));
    if (!fits) await cache.empty();
    this.#isSealing = cipher.isKeyed && (check === undefined || unfinished !== undefined);
    if (cipher.isKeyed && (check === undefined || !fits)) {
      await meta.bulkPut([
        { key: 'keyCheck', value: await cipher.seal('meta/keyCheck', new Uint8Array(16)) },
        { key: 'resealing', value: true },
      ]);
    }
    return cache;
  }

  /** Reads everything a list needs into memory. Safe to call again; the work is done once. */
  async load(): Promise<void> {
    await this.#ready();
  }

  #ready(): Promise<Cache> {
    this.#loaded ??= this.#opened.then(async (cache) => {
      await cache.load();
      // Beside everything else, and again at the next start if it is cut short.
      if (this.#isSealing) this.#sealed = this.#sealAll(cache).catch(() => undefined);
      return cache;
    });
    return this.#loaded;
  }

  /** What the last visit's first list looked like: painted before anything else is read. */
  async firstPage(): Promise<FirstPage | undefined> {
    const { cipher, database } = await this.#opened;
    const record = await database.meta.get('firstPage');
    if (record === undefined) return undefined;
    try {
      return await cipher.openValue(FIRST_PAGE, record.value as FirstPage);
    } catch (thrown) {
      if (thrown instanceof Unreadable) return undefined;
      throw thrown;
    }
  }

  async list(query: ListQuery): Promise<ListAnswer & { labels: Labels }> {
    const { memory, cipher, database } = await this.#ready();
    const answer = memory.tickets.list(query, memory.namedWith);
    const labels: Labels = {};
    for (const item of answer.items) {
      for (const key of [
        `customer/${item.customerId}`,
        `site/${item.siteId}`,
        `asset/${item.assetId}`,
        `user/${item.assignee ?? ''}`,
      ]) {
        const label = memory.label(key);
        if (label !== undefined) labels[key] = label;
      }
    }
    if (query.offset === 0 && query.search === '') {
      const value = await cipher.sealValue(FIRST_PAGE, { query, answer, labels });
      await database.meta.put({ key: 'firstPage', value });
    }
    return { ...answer, labels };
  }

  /** An entity as it stands, `undefined` when nothing is known of it. */
  async row(key: string): Promise<FoldedRow | undefined> {
    const cache = await this.#ready();
    return cache.memory.row(key) ?? cache.baseRow(key);
  }

  /** All entities of a noun that is kept in memory; not for tickets. */
  async rowsOf(noun: Exclude<Noun, 'ticket'>): Promise<FoldedRow[]> {
    return (await this.#ready()).memory.rowsOf(noun);
  }

  /** The facts of an entity in the order they happened; a cold ticket's come only after a visit to the server. */
  async eventsOf(key: string): Promise<EventWithStanding[]> {
    const facts = await (await this.#opened).factsOf(key);
    return facts
      .map(({ event, standing, arrivedAt }) => ({ event, standing, arrivedAt }))
      .sort((a, b) => compareEvents(a.event, b.event));
  }

  /** Where pulling stands, and the scopes of which a page did not open. */
  async position(): Promise<SyncPosition & { readonly damaged: readonly string[] }> {
    const cache = await this.#ready();
    return { ...(await cache.position()), damaged: [...cache.damaged] };
  }

  /** Takes in facts that the journal of this laptop holds. Facts already known, and those of what is hidden or deleted, are passed over. */
  applyLocal(told: readonly DomainEvent[]): Promise<void> {
    return this.#inTurn(async (cache) => {
      const events = told.filter(({ id }) => !cache.echoes.delete(id));
      if (events.length === 0) return;
      for (const { stream, scope } of events) cache.homes.set(stream, scope);
      const { hidden, deleted } = await cache.knownPosition();
      const outside = new Set([...hidden, ...deleted]);
      const visible = events.filter(({ scope, stream }) => !outside.has(scope) && !outside.has(stream));
      if (!this.#areLocalNew || !(await takeInNew(cache, visible))) {
        const delivered = visible.map((event) => ({ event, scopes: new Set<string>() }));
        this.#areLocalNew = await takeIn(cache, delivered, 'local', undefined);
      }
      cache.expectEchoes(visible.map(({ id }) => id));
    });
  }

  /** The server's refusals: the facts stay, and leave the fold. */
  applyRefusals(eventIds: readonly string[]): Promise<void> {
    return this.#inTurn(async (cache) => {
      const records = (await cache.database.events.bulkGet([...eventIds])).filter(
        (record): record is EventRecord => record !== undefined && record.standing !== 'refused',
      );
      if (records.length === 0) return;
      cache.generation++;
      const refused = new Set(records.map(({ id }) => id));
      const rows: LaidRow[] = [];
      const goneRows: string[] = [];
      for (const key of new Set(records.flatMap(({ touches }) => touches))) {
        const facts = (await cache.factsOf(key)).filter(({ id }) => !refused.has(id));
        const laid = foldAgain(cache, key, facts, await cache.baseRow(key), cache.memory.isWhole(key));
        if (laid === undefined) goneRows.push(key);
        else rows.push(laid);
      }
      const standing = 'refused';
      await cache.commit({ rows, goneRows, records: records.map((record) => ({ ...record, standing })) });
    });
  }

  /** Takes in one complete pull, in one transaction with the cursors it ends at; what it takes away goes first. */
  applyPull(lines: readonly PullLine[]): Promise<PullOutcome> {
    return this.#inTurn(async (cache) => {
      const head = lines.find((line) => line.k === 'head');
      const end = lines.find((line) => line.k === 'end');
      if (head === undefined || end === undefined)
        throw new Error('A pull without head or end is not applied.');
      const { arrived, ...departures } = readDeliveries(lines);
      const { left, deleted, lost } = departures;
      const stale = left.length + deleted.length + lost.length > 0 ? await takeAway(cache, departures) : [];
      const before = await cache.position();
      const { mismatched, ...reached } = advance(before, lines);
      const back = new Set([...head.scopes, ...arrived.map(({ event }) => event.stream)]);
      const hidden = before.hidden.filter((name) => !back.has(name));
      await takeIn(cache, arrived, 'confirmed', { ...before, epoch: head.epoch, ...reached, hidden });
      const known = [...head.scopes, ...hidden, ...before.deleted];
      const strangers = before.isBootstrapped ? await strangersOf(cache, known) : [];
      if (strangers.length > 0) await takeAway(cache, { left: strangers, deleted: [], lost: [] });
      const atHead = new Set(lines.flatMap((line) => (line.k === 'checksum' ? [line.scope] : [])));
      const isNew = (scope: string): boolean => before.cursors[scope] === undefined && !atHead.has(scope);
      return {
        mismatched,
        gained: before.isBootstrapped && end.more ? Object.keys(end.cursors).filter(isNew) : [],
        stale,
        regained: hidden.length < before.hidden.length,
      };
    });
  }

  /** Rows to be folded anew from the server's facts: the caller fetches them for {@link applyEntity}. */
  async incomplete(): Promise<string[]> {
    return [...(await this.#ready()).incomplete];
  }

  /**
   * Takes in all facts of one entity that the server has for this user, and folds it anew from them and from what waits here.
   * Without any, the entity is gone.
   */
  applyEntity(key: string, delivered: readonly Delivered[]): Promise<void> {
    return this.#inTurn(async (cache) => {
      cache.generation++;
      const known = new Map((await cache.factsOf(key)).map((fact) => [fact.id, fact]));
      for (const { event, scopes } of delivered) {
        const fact = known.get(event.id);
        const all = new Set([...(fact?.scopes ?? []), ...scopes]);
        const fresh = cache.newFact(event, 'confirmed', all);
        const { packed, arrivedAt } = fact ?? fresh;
        known.set(event.id, { ...fresh, packed, arrivedAt });
      }
      const facts: Fact[] = [...known.values()];
      const row = facts.some(({ standing }) => standing !== 'refused') ? foldLive(key, facts) : undefined;
      const wasIncomplete = cache.incomplete.delete(key);
      try {
        if (row === undefined) await cutOut(cache, key);
        else await cache.commit({ rows: [{ row, isWhole: true }], facts });
      } catch (thrown) {
        if (wasIncomplete) cache.incomplete.add(key);
        throw thrown;
      }
    });
  }

  /** Which of these segments are not here yet: a bootstrap that was cut short goes on where it was. */
  async missingPages(hashes: readonly string[]): Promise<string[]> {
    return (await this.#opened).pages.missing(hashes);
  }

  /** Keeps a segment for the base to come. Nothing that is shown changes yet. */
  async stagePage(segment: Segment): Promise<void> {
    await (await this.#opened).pages.stage(segment);
  }

  /** See {@link adoptScope}. Scopes that a complete bootstrap does not name are the caller's to drop. */
  adoptScope(adoption: Adoption): Promise<void> {
    return this.#inTurn((cache) => adoptScope(cache, adoption));
  }

  /** Takes scopes away that the server no longer names for this user. */
  dropScopes(scopes: readonly string[]): Promise<void> {
    return this.#inTurn(async (cache) => {
      await takeAway(cache, { lost: scopes, left: [], deleted: [] });
    });
  }

  /** See {@link compact}; looks for something to pack only when that is likely, or after a while. */
  async compact(): Promise<number> {
    const cache = await this.#ready();
    const look = (): Look => ({ atMs: cache.now(), rows: cache.memory.overlaySize });
    if (!isWorthALook(look(), this.#lastLook, this.#compaction)) return 0;
    this.#lastLook = look();
    const packed = await compact(cache, this.#compaction, (work) => this.#inTurn(work));
    this.#lastLook = look();
    return packed;
  }

  /** Resolves when nothing lies there unsealed from a time without a key. */
  async sealed(): Promise<void> {
    await this.#ready();
    await this.#sealed;
  }

  async #sealAll(cache: Cache): Promise<void> {
    await cache.reseal();
    await cache.database.meta.delete('firstPage');
    await cache.database.meta.delete('resealing');
  }

  /** Whether the browser has opened the database; waits until it has said so. */
  didOpen(): Promise<boolean> {
    return this.#opened.then(yes, no);
  }

  /**
   * Empties the store: something in it cannot be read, and journal and server have all of it. It waits for what is being
   * written, and closes: what comes later would be folded onto rows that are in memory only. Whoever listens is told of a loss.
   */
  empty(): Promise<void> {
    const emptying = this.#turn.then(async () => {
      if (this.#isClosed) return;
      await (await this.#opened).empty();
      this.#database.close();
    });
    this.#turn = emptying.catch(() => undefined);
    return emptying;
  }

  /** Told after each change which entities changed. @returns a function that ends it. */
  onDidChange(listener: (keys: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Told when a page did not open: its scope wants to be fetched anew. */
  onDidFindDamage(listener: () => void): void {
    this.#damageListeners.add(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#opened.catch(() => undefined);
    await this.#sealed;
    this.#database.close();
  }

  /** Called when the browser has taken the database away or it was closed under us. */
  onDidLoseDatabase(listener: () => void): void {
    // Dexie says "close" for every way of closing, also for ours, and again for what is closed already.
    this.#database.on('close', () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      listener();
    });
    this.#database.on('versionchange', () => {
      this.#database.close();
      // Dexie's own answer would open it again, empty, under the next write.
      return false;
    });
  }

  #inTurn<T>(work: (cache: Cache) => Promise<T>): Promise<T> {
    const run = this.#turn.then(async () => work(await this.#ready()));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  #announce(keys: ReadonlySet<string>): void {
    for (const listener of this.#listeners) listener(keys);
  }
}
