import type { FoldedRow, Noun } from '#shared/domain/projection.ts';
import { parseKey } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { summarise, type TicketSummary } from './summary.ts';
import { TicketIndex } from './ticket-index.ts';

const SEARCHED = /^(?:customer|site|asset)\//;

/**
 * What the store keeps in memory: every ticket's summary, every row that is
 * not a ticket (they are few), and the ticket rows of the overlay. Cold
 * tickets stay packed; `pageOf` tells where.
 */
export class Memory {
  readonly tickets = new TicketIndex();
  readonly pageOf = new Map<string, string>();
  readonly #rows = new Map<string, FoldedRow>();
  readonly #names = new Map<string, string>();

  /** A row that is at hand without unpacking. */
  row(key: string): FoldedRow | undefined {
    return this.#rows.get(key);
  }

  rowsOf(noun: Noun): FoldedRow[] {
    return [...this.#rows.values()].filter((row) => row.key.startsWith(`${noun}/`));
  }

  put(row: FoldedRow, now: number): void {
    this.#rows.set(row.key, row);
    const noun = parseKey(row.key)?.noun;
    if (noun === 'ticket') {
      const ticket = row.state as TicketState;
      if (ticket.isOpened) this.tickets.put(summarise(row.key, ticket, now));
    } else {
      this.#names.delete(row.key);
    }
  }

  putSummary(summary: TicketSummary, pageId: string): void {
    this.pageOf.set(summary.key, pageId);
    if (!this.#rows.has(summary.key)) this.tickets.put(summary);
  }

  /** Keys of customers, sites and assets whose name or serial holds a word (in lower case). */
  namedWith = (word: string): ReadonlySet<string> => {
    const found = new Set<string>();
    for (const key of this.#rows.keys()) {
      if (SEARCHED.test(key) && this.#name(key).includes(word)) found.add(key);
    }
    return found;
  };

  #name(key: string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const state = this.#rows.get(key)?.state as
      | { name?: string; nameEn?: string; serial?: string }
      | undefined;
    const name = `${state?.name ?? ''} ${state?.nameEn ?? ''} ${state?.serial ?? ''}`.toLowerCase();
    this.#names.set(key, name);
    return name;
  }

  /** What is shown for a key in lists: its name in the reader's language. */
  label(key: string): { name: string; nameEn?: string } | undefined {
    const state = this.#rows.get(key)?.state as { name?: string; nameEn?: string } | undefined;
    return state?.name === undefined ? undefined : { name: state.name, nameEn: state.nameEn };
  }

  clear(): void {
    this.tickets.clear();
    this.pageOf.clear();
    this.#rows.clear();
    this.#names.clear();
  }
}
