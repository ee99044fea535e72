import { isInView, type ListAnswer, type ListQuery, ORDERS, VIEWS, type View } from './list-query.ts';
import { isDone, type TicketSummary } from './summary.ts';

/** The keys of entities whose name holds a word; asked once for a word, not once for a ticket. */
export type NamedWith = (word: string) => ReadonlySet<string>;

/** Up to so many changed entries are put in their places one by one; more, and all is sorted anew. */
const FEW = 500;

/** Entries in order, but for those that changed since. */
interface Order {
  entries: Entry[];
  readonly moved: Set<Entry>;
  readonly removed: Set<Entry>;
}

interface Entry {
  summary: TicketSummary;
  /** Number and symptom in lower case. */
  text: string;
}

/**
 * All tickets in memory, in the orders that lists ask for. An order is kept
 * and put right after changes (sorting what is almost sorted is cheap), so that
 * a list without a search touches only the rows it shows.
 */
export class TicketIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #orders = new Map<ListQuery['sort'], Order>();
  #counts: { userId: string; of: Record<View, number> } | undefined;

  get size(): number {
    return this.#entries.size;
  }

  put(summary: TicketSummary): void {
    const text = `${summary.number}\n${summary.symptom}`.toLowerCase();
    const entry = this.#entries.get(summary.key) ?? { summary, text };
    entry.summary = summary;
    entry.text = text;
    this.#entries.set(summary.key, entry);
    for (const order of this.#orders.values()) order.moved.add(entry);
    this.#counts = undefined;
  }

  get(key: string): TicketSummary | undefined {
    return this.#entries.get(key)?.summary;
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const order of this.#orders.values()) {
      order.moved.delete(entry);
      order.removed.add(entry);
    }
    this.#counts = undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#orders.clear();
    this.#counts = undefined;
  }

  /** The window of a list that a screen shows, with the counts of all views. */
  list(query: ListQuery, namedWith: NamedWith): ListAnswer {
    const counts = this.#countsFor(query.userId);
    const words = query.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const tests = words.map((word) => ({ word, named: namedWith(word) }));
    const isFiltered = tests.length > 0 || query.siteId !== undefined;
    const items: TicketSummary[] = [];
    const end = query.offset + query.limit;
    let total = 0;
    for (const entry of this.#ordered(query.sort)) {
      if (!isInView(entry.summary, query.view, query.userId)) continue;
      if (query.siteId !== undefined && entry.summary.siteId !== query.siteId) continue;
      if (!tests.every((test) => matches(entry, test.word, test.named))) continue;
      if (total >= query.offset && total < end) items.push(entry.summary);
      total++;
      // Without a filter the rest is known by its count.
      if (!isFiltered && total >= end) break;
    }
    return { total: isFiltered ? total : counts[query.view], items, counts };
  }

  #ordered(sort: ListQuery['sort']): readonly Entry[] {
    const compare = (a: Entry, b: Entry): number => ORDERS[sort](a.summary, b.summary);
    let order = this.#orders.get(sort);
    if (order === undefined) {
      order = { entries: [...this.#entries.values()].sort(compare), moved: new Set(), removed: new Set() };
      this.#orders.set(sort, order);
    }
    const { moved, removed } = order;
    if (moved.size > FEW) {
      order.entries = [...this.#entries.values()].sort(compare);
    } else if (moved.size + removed.size > 0) {
      const entries = order.entries.filter((entry) => !moved.has(entry) && !removed.has(entry));
      for (const entry of moved) entries.splice(placeOf(entry, entries, compare), 0, entry);
      order.entries = entries;
    }
    moved.clear();
    removed.clear();
    return order.entries;
  }

  #countsFor(userId: string): Record<View, number> {
    if (this.#counts?.userId === userId) return this.#counts.of;
    const of = Object.fromEntries(VIEWS.map((view) => [view, 0])) as Record<View, number>;
    for (const { summary } of this.#entries.values()) {
      of.all++;
      if (isDone(summary)) {
        of.done++;
        continue;
      }
      of.team++;
      if (summary.assignee === userId) of.mine++;
      else if (summary.assignee === undefined) of.unassigned++;
      if (summary.work === 'verifying') of.verifying++;
    }
    this.#counts = { userId, of };
    return of;
  }
}

function matches({ summary, text }: Entry, word: string, named: ReadonlySet<string>): boolean {
  return (
    text.includes(word) ||
    (named.size > 0 &&
      (named.has(`customer/${summary.customerId}`) ||
        named.has(`site/${summary.siteId}`) ||
        named.has(`asset/${summary.assetId}`)))
  );
}

/** Where an entry belongs among sorted ones: binary search. */
function placeOf(entry: Entry, sorted: readonly Entry[], compare: (a: Entry, b: Entry) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = sorted[middle];
    if (there !== undefined && compare(there, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
