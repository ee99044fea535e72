import type { FoldedRow } from '#shared/domain/projection.ts';
import type { Cache, Fact, LaidRow } from './cache.ts';
import { foldAgain } from './folding.ts';

/** Facts that go, and facts that stay with fewer scopes. */
export class Retraction {
  readonly #left = new Map<string, Fact | undefined>();
  readonly touched = new Set<string>();

  /** Takes the scope off the fact; without another one that gives it, a confirmed fact goes. */
  takeScope(fact: Fact, scope: string): void {
    const now = this.#left.has(fact.id) ? this.#left.get(fact.id) : fact;
    if (now === undefined) return;
    const scopes = now.scopes.filter((other) => other !== scope);
    this.#set(fact, scopes.length === 0 && now.standing === 'confirmed' ? undefined : { ...now, scopes });
  }

  forget(fact: Fact): void {
    this.#set(fact, undefined);
  }

  /** The facts of an entity after it. */
  after(facts: readonly Fact[]): Fact[] {
    return facts.flatMap((fact) => {
      if (!this.#left.has(fact.id)) return [fact];
      const left = this.#left.get(fact.id);
      return left === undefined ? [] : [left];
    });
  }

  get facts(): Fact[] {
    return [...this.#left.values()].filter((fact) => fact !== undefined);
  }

  get goneFacts(): string[] {
    return [...this.#left].filter(([, fact]) => fact === undefined).map(([id]) => id);
  }

  #set(fact: Fact, left: Fact | undefined): void {
    this.#left.set(fact.id, left);
    for (const key of fact.touches) this.touched.add(key);
  }
}

export interface Refolded {
  readonly rows: LaidRow[];
  readonly goneRows: string[];
  /** Entities of which nothing is left: what pages still say of them is wrong. */
  readonly gone: string[];
}

/**
 * Folds entities anew over what remains of pages and facts.
 * @param baseAfter the row that the pages will hold then.
 * @param options.keepsWhole false when the pages bring facts that are not here.
 */
export async function refold(
  cache: Cache,
  keys: Iterable<string>,
  retraction: Retraction,
  baseAfter: (key: string) => Promise<FoldedRow | undefined>,
  { keepsWhole }: { readonly keepsWhole: boolean },
): Promise<Refolded> {
  const rows: LaidRow[] = [];
  const goneRows: string[] = [];
  const gone: string[] = [];
  for (const key of keys) {
    const before = await cache.factsOf(key);
    const facts = retraction.after(before);
    const isWhole = keepsWhole && cache.memory.isWhole(key) && before.length > 0;
    const base = await baseAfter(key);
    const laid = foldAgain(cache, key, facts, base, isWhole);
    if (laid !== undefined) rows.push(laid);
    else {
      goneRows.push(key);
      if (isWhole) gone.push(key);
    }
    // The page may have facts folded in that are gone, or that another scope's page has not.
    if (base !== undefined && !isWhole && facts.length < before.length) cache.incomplete.add(key);
    else if (base === undefined || isWhole) cache.incomplete.delete(key);
  }
  return { rows, goneRows, gone };
}
