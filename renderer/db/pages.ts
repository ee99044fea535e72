import { parseKey, type FoldedRow } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { FaultlineDatabase } from './database.ts';
import type { Memory } from './memory.ts';
import { gunzipText } from './packing.ts';
import { readSummaries, writeSummaries } from './summary-page.ts';
import { summarise, type TicketSummary } from './summary.ts';

/** Unpacked pages kept at hand, a few megabytes each: the tickets somebody looks at lie near each other. */
const PAGES_AT_HAND = 4;

/** A segment as it came: gzip NDJSON of rows. */
export interface Segment {
  readonly scope: string;
  readonly sha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface PageContent {
  readonly tickets: readonly TicketSummary[];
  readonly others: readonly FoldedRow[];
}

/** The base: what the server has folded, as the segments it came in. */
export class Pages {
  readonly #database: FaultlineDatabase;
  readonly #memory: Memory;
  readonly #now: () => number;
  /** Lines of unpacked pages. */
  readonly #atHand = new Map<string, readonly string[]>();
  /** Pages read for a base that is not adopted yet. */
  readonly #staged = new Map<string, PageContent>();

  constructor(database: FaultlineDatabase, memory: Memory, now: () => number) {
    this.#database = database;
    this.#memory = memory;
    this.#now = now;
  }

  async missing(hashes: readonly string[]): Promise<string[]> {
    const known = new Set(await this.#database.pages.where('id').anyOf(hashes).primaryKeys());
    return hashes.filter((hash) => !known.has(hash));
  }

  async stage({ scope, sha256, bytes }: Segment): Promise<void> {
    const content = readSegment(await gunzipText(bytes), this.#now());
    await this.#database.pages.put({
      id: sha256,
      scope,
      rows: bytes,
      tickets: writeSummaries(content.tickets),
      others: JSON.stringify(content.others),
    });
    this.#staged.set(sha256, content);
  }

  /** The new base is in memory: what was kept for it, and of the old one, may go. */
  settle(): void {
    this.#staged.clear();
    this.#atHand.clear();
  }

  /** Takes a page of the base into memory: just staged, or as it lies in the database. */
  async remember(id: string): Promise<void> {
    let content = this.#staged.get(id);
    if (content === undefined) {
      const page = await this.#database.pages.get(id);
      if (page === undefined) throw new Error(`The base names a page that is not there: ${id}`);
      content = { tickets: readSummaries(page.tickets), others: JSON.parse(page.others) as FoldedRow[] };
    }
    for (const summary of content.tickets) this.#memory.putSummary(summary, id);
    for (const row of content.others) {
      this.#memory.pageOf.set(row.key, id);
      this.#memory.put(row, this.#now());
    }
  }

  async row(key: string): Promise<FoldedRow | undefined> {
    const pageId = this.#memory.pageOf.get(key);
    if (pageId === undefined) return undefined;
    let lines = this.#atHand.get(pageId);
    if (lines === undefined) {
      const page = await this.#database.pages.get(pageId);
      if (page === undefined) return undefined;
      lines = (await gunzipText(page.rows)).split('\n');
      this.#atHand.set(pageId, lines);
      const oldest = this.#atHand.keys().next().value;
      if (this.#atHand.size > PAGES_AT_HAND && oldest !== undefined) this.#atHand.delete(oldest);
    }
    // The line is found by its key as text, and only that line is parsed.
    const wanted = JSON.stringify(key);
    for (const line of lines) {
      if (!line.includes(wanted)) continue;
      const row = JSON.parse(line) as FoldedRow;
      if (row.key === key) return row;
    }
    return undefined;
  }
}

function readSegment(text: string, now: number): PageContent {
  const tickets: TicketSummary[] = [];
  const others: FoldedRow[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as FoldedRow;
    const noun = parseKey(row.key)?.noun;
    if (noun === 'ticket') tickets.push(summarise(row.key, row.state as TicketState, now));
    else if (noun !== undefined) others.push(row);
  }
  return { tickets, others };
}
