export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `null` after the last. */
  readonly next: string | null;
}

/** So many pages of a list, one after the other, as one. @param ask for the page after this place; '' for the first. */
export async function firstPages<T>(
  pages: number,
  ask: (after: string) => Promise<Page<T>>,
): Promise<Page<T>> {
  const items: T[] = [];
  let next: string | null = '';
  for (let page = 0; page < pages && next !== null; page++) {
    const answer: Page<T> = await ask(next);
    items.push(...answer.items);
    next = answer.next;
  }
  return { items, next };
}
