import type { FoldedRow, Noun } from '#shared/domain/projection.ts';
import { parseKey } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { summarise, type TicketSummary } from './summary.ts';
import { TicketIndex } from './ticket-index.ts';

const SEARCHED = /^(?:customer|site|asset)\//;

export interface PageInfo {
  readonly id: string;
  readonly scope: string;
  /** See PageRecord. */
  readonly isWhole: boolean;
  readonly packedAt: number;
  readonly count: number;
}

/** What a page holds besides its packed rows. */
export interface PageContent {
  readonly tickets: readonly TicketSummary[];
  readonly others: readonly FoldedRow[];
}

/**
 * What the store keeps in memory: every ticket's summary, every row that is not a ticket (they are few), and the rows
 * of the overlay, which stand over those of the pages. Cold tickets stay packed; `placesOf` tells where.
 */
export class Memory {
  readonly tickets = new TicketIndex();
  readonly #pages = new Map<string, PageInfo>();
  /** Where each page stands in the position: where several hold a row, the later one stands, whenever each was put. */
  #order: ReadonlyMap<string, number> = new Map();
  /** The page that holds a row; where several do, the last one. */
  readonly #pageOf = new Map<string, string>();
  /** All pages that hold a row, in their order, where there is more than one. */
  readonly #places = new Map<string, readonly string[]>();
  readonly #overlay = new Map<string, { row: FoldedRow; isWhole: boolean }>();
  /** Rows of the pages that are not tickets. */
  readonly #base = new Map<string, FoldedRow>();
  /** Summaries of the pages that an overlay row stands over. */
  readonly #under = new Map<string, TicketSummary>();
  readonly #names = new Map<string, string>();

  /** A row that is at hand without unpacking. */
  row(key: string): FoldedRow | undefined {
    return this.#overlay.get(key)?.row ?? this.#base.get(key);
  }

  overlayRow(key: string): FoldedRow | undefined {
    return this.#overlay.get(key)?.row;
  }

  overlayKeys(): string[] {
    return [...this.#overlay.keys()];
  }

  get overlaySize(): number {
    return this.#overlay.size;
  }

  page(id: string): PageInfo | undefined {
    return this.#pages.get(id);
  }

  allPages(): PageInfo[] {
    return [...this.#pages.values()];
  }

  /** Not all facts of its rows are here any more. */
  setPartial(id: string): void {
    const page = this.#pages.get(id);
    if (page !== undefined) this.#pages.set(id, { ...page, isWhole: false });
  }

  pagesOf(scope: string): PageInfo[] {
    return [...this.#pages.values()].filter((page) => page.scope === scope);
  }

  placesOf(key: string): readonly string[] {
    const only = this.#pageOf.get(key);
    return this.#places.get(key) ?? (only === undefined ? [] : [only]);
  }

  /** Keys whose row stands in this page and in no later one. */
  keysIn(pages: ReadonlySet<string>): string[] {
    return [...this.#pageOf].flatMap(([key, page]) => (pages.has(page) ? [key] : []));
  }

  /** True when every fact of the entity is here. */
  isWhole(key: string): boolean {
    const places = this.placesOf(key);
    if (places.length === 0 || this.#overlay.get(key)?.isWhole === true) return true;
    const scopes = new Set(places.map((id) => this.#pages.get(id)?.scope));
    const last = places.at(-1);
    return scopes.size === 1 && last !== undefined && this.#pages.get(last)?.isWhole === true;
  }

  rowsOf(noun: Noun): FoldedRow[] {
    const rows = new Map<string, FoldedRow>();
    for (const [key, row] of this.#base) if (key.startsWith(`${noun}/`)) rows.set(key, row);
    for (const [key, { row }] of this.#overlay) if (key.startsWith(`${noun}/`)) rows.set(key, row);
    return [...rows.values()];
  }

  /** Lays a row over what the pages say. */
  put(row: FoldedRow, isWhole: boolean, now: number): void {
    const { key } = row;
    const isNew = !this.#overlay.has(key);
    this.#overlay.set(key, { row, isWhole });
    this.#names.delete(key);
    if (parseKey(key)?.noun !== 'ticket') return;
    const shown = this.tickets.get(key);
    if (isNew && shown !== undefined) this.#under.set(key, shown);
    const ticket = row.state as TicketState;
    if (ticket.isOpened) this.tickets.put(summarise(key, ticket, now));
    else if (shown !== undefined) this.tickets.remove(key);
  }

  /** Takes a row of the overlay away: what the pages say stands again. */
  drop(key: string): void {
    if (!this.#overlay.delete(key)) return;
    this.#names.delete(key);
    const under = this.#under.get(key);
    this.#under.delete(key);
    if (under !== undefined) this.tickets.put(under);
    else this.tickets.remove(key);
  }

  /** The pages of the position in their order, told before any of them is put. */
  order(pages: readonly string[]): void {
    this.#order = new Map(pages.map((id, index) => [id, index]));
  }

  putPage(page: PageInfo, { tickets, others }: PageContent): void {
    this.#pages.set(page.id, page);
    for (const summary of tickets) {
      if (!this.#place(summary.key, page.id)) continue;
      // Only facts of other streams are here of it.
      if (summary.number === '') continue;
      if (this.#overlay.has(summary.key)) this.#under.set(summary.key, summary);
      else this.tickets.put(summary);
    }
    for (const row of others) {
      if (!this.#place(row.key, page.id)) continue;
      this.#base.set(row.key, row);
      this.#names.delete(row.key);
    }
  }

  /** @returns pages that hold a row of these too: they have to be put again. */
  dropPages(ids: ReadonlySet<string>): Set<string> {
    const again = new Set<string>();
    for (const id of ids) this.#pages.delete(id);
    for (const [key, places] of this.#places) {
      const left = places.filter((id) => !ids.has(id));
      if (left.length === places.length) continue;
      const last = left.at(-1);
      if (left.length > 1) this.#places.set(key, left);
      else this.#places.delete(key);
      if (last === undefined || last === this.#pageOf.get(key)) continue;
      this.#pageOf.set(key, last);
      again.add(last);
    }
    for (const [key, page] of this.#pageOf) {
      if (!ids.has(page)) continue;
      this.#pageOf.delete(key);
      this.#base.delete(key);
      this.#names.delete(key);
      this.#under.delete(key);
      if (!this.#overlay.has(key)) this.tickets.remove(key);
    }
    return again;
  }

  /** Keys of customers, sites and assets whose name or serial holds a word (in lower case). */
  namedWith = (word: string): ReadonlySet<string> => {
    const found = new Set<string>();
    for (const keys of [this.#base.keys(), this.#overlay.keys()])
      for (const key of keys) if (SEARCHED.test(key) && this.#name(key).includes(word)) found.add(key);
    return found;
  };

  #name(key: string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const state = this.row(key)?.state as { name?: string; nameEn?: string; serial?: string } | undefined;
    const name = `${state?.name ?? ''} ${state?.nameEn ?? ''} ${state?.serial ?? ''}`.toLowerCase();
    this.#names.set(key, name);
    return name;
  }

  /** What is shown for a key in lists: its name in the reader's language. */
  label(key: string): { name: string; nameEn?: string } | undefined {
    const state = this.row(key)?.state as { name?: string; nameEn?: string } | undefined;
    return state?.name === undefined ? undefined : { name: state.name, nameEn: state.nameEn };
  }

  /** @returns whether the page's row is the one that stands. */
  #place(key: string, id: string): boolean {
    const places = this.placesOf(key);
    if (places.length > 0 && !places.includes(id)) this.#places.set(key, this.#inOrder([...places, id]));
    const last = this.#places.get(key)?.at(-1) ?? id;
    this.#pageOf.set(key, last);
    return last === id;
  }

  #inOrder(pages: string[]): string[] {
    const rank = (id: string): number => this.#order.get(id) ?? this.#order.size;
    return pages.toSorted((a, b) => rank(a) - rank(b));
  }
}
