import type { FoldedRow } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Cipher } from './cipher.ts';
import type { EventPlace, EventRecord, EventStanding, FaultlineDatabase } from './database.ts';
import { Memory } from './memory.ts';
import { Pages, type ReadPage, type SealedPage } from './pages.ts';
import { allPages, NOWHERE, type SyncPosition } from './position.ts';

/** A fact with all that the store knows of it. */
export interface Fact extends EventPlace {
  readonly event: DomainEvent;
}

/** A row that lies over the pages. */
export interface LaidRow {
  readonly row: FoldedRow;
  /** Every fact of it is here. */
  readonly isWhole: boolean;
}

/** What one transaction changes. */
export interface Change {
  readonly rows?: readonly LaidRow[];
  readonly goneRows?: readonly string[];
  readonly facts?: readonly Fact[];
  /** Nothing is written, and it fails with {@link isKnown}, when one of the facts is there already. */
  readonly areNew?: boolean;
  /** Records whose content stays as it is sealed. */
  readonly records?: readonly EventRecord[];
  readonly goneFacts?: readonly string[];
  readonly pages?: readonly SealedPage[];
  /** Pages that lie there already, and stand from now on. */
  readonly adopted?: readonly ReadPage[];
  readonly gonePages?: readonly string[];
  readonly position?: SyncPosition;
  /** Keys to tell of besides those of the rows; `*` for everything. */
  readonly told?: Iterable<string>;
}

/** Whether a change writes nothing: pages that lie there already, and keys to tell of, are not written. */
function isNothing(change: Change): boolean {
  const {
    rows = [],
    goneRows = [],
    facts = [],
    records = [],
    goneFacts = [],
    pages = [],
    gonePages = [],
  } = change;
  const written = [rows, goneRows, facts, records, goneFacts, pages, gonePages];
  return change.position === undefined && written.every((list) => list.length === 0);
}

const MOST_ECHOES = 1_000;

const factPlace = (id: string): string => `event/${id}`;
const rowPlace = (key: string): string => `overlay/${key}`;

/** Database and memory of one workspace's store: read together, changed together. */
export class Cache {
  readonly database: FaultlineDatabase;
  readonly cipher: Cipher;
  readonly memory = new Memory();
  readonly pages: Pages;
  readonly now: () => number;
  /** Rows that a late fact sorts into, and whose facts are only on the server. */
  readonly incomplete = new Set<string>();
  /** Scopes of which a page could not be opened. */
  readonly damaged = new Set<string>();
  /** Streams that facts born here belong to, and the scope where each is at home: the journal tells them at every start. */
  readonly homes = new Map<string, string>();
  /** Facts taken in once, which the journal is about to tell again. */
  readonly echoes = new Set<string>();
  /** Grows whenever rows may have lost facts: what was folded before it grew must not be written after. */
  generation = 0;
  #position: SyncPosition | undefined;
  /** What the database holds of `incomplete`, as text. */
  #keptIncomplete = '[]';
  readonly #tell: (keys: ReadonlySet<string>) => void;
  readonly #tellDamage: () => void;

  constructor(
    database: FaultlineDatabase,
    cipher: Cipher,
    now: () => number,
    tell: (keys: ReadonlySet<string>) => void,
    tellDamage: () => void,
  ) {
    this.database = database;
    this.cipher = cipher;
    this.now = now;
    this.pages = new Pages(database, cipher, this.memory, now);
    this.#tell = tell;
    this.#tellDamage = tellDamage;
  }

  /** Reads everything a list needs into memory. A page that does not open makes its scope a damaged one. */
  async load(): Promise<void> {
    const incomplete = await this.database.meta.get('incomplete');
    for (const key of (incomplete?.value as string[] | undefined) ?? []) this.incomplete.add(key);
    this.#keptIncomplete = JSON.stringify([...this.incomplete]);
    const position = await this.position();
    this.memory.order(allPages(position));
    for (const [scope, pages] of Object.entries(position.pages))
      for (const id of pages) {
        await this.pages.remember(id).catch((thrown: unknown) => this.#setDamaged(id, scope, thrown));
      }
    const laid = await this.database.overlay.toArray();
    const rows = await Promise.all(laid.map(({ key, row }) => this.cipher.openValue(rowPlace(key), row)));
    laid.forEach(({ isWhole }, index) => {
      const row = rows[index];
      if (row !== undefined) this.memory.put(row, isWhole, this.now());
    });
    this.#tell(new Set(['*']));
  }

  async position(): Promise<SyncPosition> {
    const kept = (await this.database.meta.get('position'))?.value as Partial<SyncPosition> | undefined;
    // One that an earlier version wrote has not every part.
    this.#position = { ...NOWHERE, ...kept };
    return this.#position;
  }

  /** As the last transaction left it, without asking the database again. */
  async knownPosition(): Promise<SyncPosition> {
    return this.#position ?? this.position();
  }

  /** The row that the pages hold; `undefined` also when its page does not open, and then its scope is damaged. */
  async baseRow(key: string): Promise<FoldedRow | undefined> {
    const page = this.memory.placesOf(key).at(-1);
    return page === undefined ? undefined : this.rowIn(page, key);
  }

  rowIn(page: string, key: string): Promise<FoldedRow | undefined> {
    return this.#orDamaged(page, () => this.pages.rowIn(page, key));
  }

  /** All rows of a page as JSON; `undefined` when it does not open, and then its scope is damaged. */
  linesOf(page: string): Promise<readonly string[] | undefined> {
    return this.#orDamaged(page, () => this.pages.lines(page));
  }

  async #orDamaged<T>(page: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (thrown) {
      await this.#setDamaged(page, this.memory.page(page)?.scope, thrown);
      return undefined;
    }
  }

  /** What does not open goes, so that it is fetched again; the position still names it until its scope is here anew. */
  async #setDamaged(page: string, scope: string | undefined, thrown: unknown): Promise<void> {
    if (scope === undefined || !isDamage(thrown)) throw thrown;
    this.damaged.add(scope);
    await this.database.pages.delete(page);
    this.#tellDamage();
  }

  async open(record: EventRecord): Promise<Fact> {
    return { ...record, event: await this.cipher.openValue(factPlace(record.id), record.event) };
  }

  async factsOf(key: string): Promise<Fact[]> {
    const records = await this.database.events.where('touches').equals(key).toArray();
    return Promise.all(records.map((record) => this.open(record)));
  }

  newFact(event: DomainEvent, standing: EventStanding, scopes: Iterable<string> = []): Fact {
    return {
      id: event.id,
      touches: touches(event),
      standing,
      scopes: [...scopes],
      packed: [],
      arrivedAt: this.now(),
      event,
    };
  }

  /** These need not be looked up when they are told a second time. Few are kept: the journal's word follows at once. */
  expectEchoes(ids: readonly string[]): void {
    for (const id of ids) this.echoes.add(id);
    for (const id of this.echoes) {
      if (this.echoes.size <= MOST_ECHOES) return;
      this.echoes.delete(id);
    }
  }

  /** Writes all of it in one transaction; memory follows. */
  async commit(change: Change): Promise<void> {
    const { rows = [], goneRows = [], facts = [], records = [], goneFacts = [] } = change;
    const { pages = [], gonePages = [], position } = change;
    if (goneFacts.length > 0) this.echoes.clear();
    const [sealedFacts, sealedRows] = await Promise.all([
      Promise.all(
        facts.map(async (fact) => ({
          ...fact,
          event: await this.cipher.sealValue(factPlace(fact.id), fact.event),
        })),
      ),
      Promise.all(
        rows.map(async ({ row, isWhole }) => ({
          key: row.key,
          isWhole,
          row: await this.cipher.sealValue(rowPlace(row.key), row),
        })),
      ),
    ]);
    const incomplete = JSON.stringify([...this.incomplete]);
    const isBehind = incomplete !== this.#keptIncomplete;
    const { pages: pageTable, overlay, events, meta } = this.database;
    // The journal tells the store its own facts a second time: what changes nothing costs no transaction.
    if (isBehind || !isNothing(change)) {
      await this.database.transaction('rw', pageTable, overlay, events, meta, async () => {
        if (goneFacts.length > 0) await events.bulkDelete([...goneFacts]);
        if (change.areNew === true) await events.bulkAdd(sealedFacts);
        else if (sealedFacts.length + records.length > 0) await events.bulkPut([...sealedFacts, ...records]);
        if (goneRows.length > 0) await overlay.bulkDelete([...goneRows]);
        if (sealedRows.length > 0) await overlay.bulkPut(sealedRows);
        if (gonePages.length > 0) await pageTable.bulkDelete([...gonePages]);
        if (pages.length > 0) await pageTable.bulkPut(pages.map(({ record }) => record));
        if (position !== undefined) await meta.put({ key: 'position', value: position });
        // A restart must not forget that a row is behind.
        if (isBehind) await meta.put({ key: 'incomplete', value: JSON.parse(incomplete) as string[] });
      });
      this.#keptIncomplete = incomplete;
      if (position !== undefined) this.#position = position;
    }
    await this.#follow(change);
  }

  async #follow(change: Change): Promise<void> {
    const {
      rows = [],
      goneRows = [],
      pages = [],
      adopted = [],
      gonePages = [],
      told = [],
      position,
    } = change;
    if (gonePages.length + pages.length + adopted.length > 0) {
      if (position !== undefined) this.memory.order(allPages(position));
      const again = this.memory.dropPages(new Set(gonePages));
      for (const page of [...pages, ...adopted]) this.pages.put(page);
      for (const id of again) if (this.memory.page(id) !== undefined) await this.pages.remember(id);
      this.pages.settle(gonePages);
    }
    for (const key of goneRows) this.memory.drop(key);
    for (const { row, isWhole } of rows) this.memory.put(row, isWhole, this.now());
    const changed = new Set([...rows.map(({ row }) => row.key), ...goneRows, ...told]);
    if (changed.size > 0) this.#tell(changed);
  }

  /** Drops facts of rows that these pages hold. */
  async forgetFacts(facts: readonly string[], pages: readonly string[]): Promise<void> {
    const { events, pages: pageTable } = this.database;
    await this.database.transaction('rw', events, pageTable, async () => {
      await events.bulkDelete([...facts]);
      for (const id of pages) await pageTable.update(id, { isWhole: false });
    });
    for (const id of pages) this.memory.setPartial(id);
  }

  /** Nothing of it can be trusted any more: empties the database, to be filled again. */
  async empty(): Promise<void> {
    this.#position = undefined;
    this.#keptIncomplete = '[]';
    this.echoes.clear();
    const { pages, overlay, events, meta } = this.database;
    await this.database.transaction('rw', pages, overlay, events, meta, () =>
      Promise.all([pages.clear(), overlay.clear(), events.clear(), meta.clear()]),
    );
  }

  /** Pages that no base names, left by a bootstrap that was cut short. */
  async dropOrphans(position: SyncPosition): Promise<void> {
    await this.database.pages.where('id').noneOf(allPages(position)).delete();
  }

  /** Seals everything that lies there as it is, since there was no key then. */
  async reseal(): Promise<void> {
    await this.pages.reseal();
    const { events, overlay } = this.database;
    for (const id of await events.toCollection().primaryKeys()) {
      const record = await events.get(id);
      if (record === undefined || !this.cipher.isOutdated(record.event)) continue;
      const event = await this.cipher.sealValue(factPlace(id), (await this.open(record)).event);
      await events.update(id, { event });
    }
    for (const key of await overlay.toCollection().primaryKeys()) {
      const record = await overlay.get(key);
      if (record === undefined || !this.cipher.isOutdated(record.row)) continue;
      const opened = await this.cipher.openValue(rowPlace(key), record.row);
      const row = await this.cipher.sealValue(rowPlace(key), opened);
      // Unless a newer row took its place meanwhile, which is sealed.
      await overlay
        .where('key')
        .equals(key)
        .and((now) => this.cipher.isOutdated(now.row))
        .modify({ row });
    }
  }
}

/** The error of facts that were to be new and are not. */
export function isKnown(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'BulkError';
}

/** Errors of bytes that do not open or do not unpack. */
export function isDamage(thrown: unknown): boolean {
  return (
    thrown instanceof Error && ['Unreadable', 'TypeError', 'SyntaxError', 'DataError'].includes(thrown.name)
  );
}
