import { Dexie, type EntityTable } from 'dexie';
import type { FoldedRow } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';

/**
 * The folded rows of one segment as the server has cut it, in its own bytes:
 * gzip over NDJSON, about 2,000 rows. Kept as it came, it needs no packing; and
 * one IndexedDB record a row is what makes stores slow.
 */
export interface PageRecord {
  /** SHA-256 of the segment. */
  readonly id: string;
  readonly scope: string;
  readonly rows: Uint8Array<ArrayBuffer>;
  /** What lists need of its tickets (see summary-page.ts), so that they need not unpack the rows. */
  readonly tickets: string;
  /** Rows of all other nouns as JSON: they are few, and all of them are kept in memory. */
  readonly others: string;
}

/** A row touched by recent or unsent facts: newer than its page. */
export interface OverlayRecord {
  readonly key: string;
  readonly row: FoldedRow;
}

/**
 * - `local`: written here and not yet seen in a pull
 * - `confirmed`: came back from the server, or came from another device
 * - `refused`: the server said no; kept, shown, outside the fold
 */
export type EventStanding = 'local' | 'confirmed' | 'refused';

export interface EventRecord {
  readonly id: string;
  /** Keys of the entities it folds into. */
  readonly touches: readonly string[];
  readonly standing: EventStanding;
  readonly event: DomainEvent;
  /** When it arrived here, epoch ms: tells a late arrival from the order in which things happened. */
  readonly arrivedAt: number;
}

/** Small facts about the cache itself: cursors, epoch, what the first paint shows. */
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

/** Opens the cache of one workspace. Strict durability costs 0.7 ms a write and saves a rebuild after a power cut. */
export function openDatabase(name: string): FaultlineDatabase {
  const database = new Dexie(name, { chromeTransactionDurability: 'strict' }) as FaultlineDatabase;
  database.version(1).stores({ pages: 'id, scope', overlay: 'key', events: 'id, *touches', meta: 'key' });
  return database;
}
