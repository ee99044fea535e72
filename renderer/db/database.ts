import { Dexie, type EntityTable } from 'dexie';
import type { FoldedRow } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Body } from './cipher.ts';

/**
 * About 2,000 folded rows of one scope in one record: one IndexedDB record a row is what makes stores slow.
 * `head` and `rows` are sealed (see cipher.ts), each as a whole.
 */
export interface PageRecord {
  /** SHA-256 of the segment, or `local-…` for a page that was packed here. */
  readonly id: string;
  readonly scope: string;
  /** When a page was packed here, epoch ms; 0 for a segment. */
  readonly packedAt: number;
  /** Every fact of its rows is here too: a row can be folded anew without asking the server. */
  readonly isWhole: boolean;
  /** What lists need of its tickets, and all rows of other nouns (see summary-page.ts): what a start reads. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** All rows: gzip over NDJSON. */
  readonly rows: Uint8Array<ArrayBuffer>;
}

/** A row touched by recent or unsent facts: newer than its page. */
export interface OverlayRecord {
  readonly key: string;
  readonly row: Body<FoldedRow>;
  /** Every fact of it is here. */
  readonly isWhole: boolean;
}

/**
 * - `local`: written here and not yet seen in a pull
 * - `confirmed`: came back from the server, or came from another device
 * - `refused`: the server said no; kept, shown, outside the fold
 */
export type EventStanding = 'local' | 'confirmed' | 'refused';

/** All of a fact's record that is not content. */
export interface EventPlace {
  readonly id: string;
  /** Keys of the entities it folds into; that of its stream first. */
  readonly touches: readonly string[];
  readonly standing: EventStanding;
  /** The scopes that delivered it: it stays as long as one of them gives it. */
  readonly scopes: readonly string[];
  /** Of `touches`: entities whose page has it folded in. */
  readonly packed: readonly string[];
  /** When it arrived here, epoch ms by the server's clock as far as it is known: tells a late arrival from the order in which things happened. */
  readonly arrivedAt: number;
}

export interface EventRecord extends EventPlace {
  readonly event: Body<DomainEvent>;
}

/** Small facts about the cache itself: position, what is incomplete, what the first paint shows. */
export interface MetaRecord {
  readonly key: string;
  readonly value: unknown;
}

export type FaultlineDatabase = Dexie & {
  pages: EntityTable<PageRecord, 'id'>;
  overlay: EntityTable<OverlayRecord, 'key'>;
  events: EntityTable<EventRecord, 'id'>;
  meta: EntityTable<MetaRecord, 'key'>;
};

/**
 * Opens the cache of one workspace. What a screen calls saved is safe in the journal before it comes here, so that a write need
 * not wait for the disk: after a power cut the last transactions may be missing, each as a whole, and journal and server fill them in.
 */
export function openDatabase(name: string): FaultlineDatabase {
  const database = new Dexie(name, { chromeTransactionDurability: 'relaxed' }) as FaultlineDatabase;
  database.version(1).stores({ pages: 'id, scope', overlay: 'key', events: 'id, *touches', meta: 'key' });
  // Pages of the first version are not sealed and tell no scope of a fact: a cache is filled anew, not converted.
  database
    .version(2)
    .stores({ events: 'id, *touches, *scopes, standing' })
    .upgrade((transaction) =>
      Promise.all(['pages', 'overlay', 'events', 'meta'].map((table) => transaction.table(table).clear())),
    );
  return database;
}
