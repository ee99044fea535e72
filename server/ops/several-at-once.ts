/**
 * Works on several items at once and gives the results in the order of the items. Reading a small attachment takes a few turns
 * of the event loop, and the embedded database makes each of them long: one after the other, they take minutes beside busy
 * laptops.
 * @param most under way or waiting to be taken, at any time.
 * @throws what the work of the next item throws; no new work is begun then.
 */
export async function* severalAtOnce<T, R>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  const begin = (item: T): void => {
    const result = work(item);
    // It is told when its turn comes; if it never does, another item's failure was told.
    result.catch(() => undefined);
    underWay.push(result);
  };
  for (const item of items) {
    if (underWay.length >= most) {
      const [next] = underWay;
      if (next !== undefined) yield await next;
      underWay.shift();
    }
    begin(item);
  }
  for (const result of underWay) yield await result;
}
