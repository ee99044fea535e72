import { describe, expect, it } from 'vitest';
import { severalAtOnce } from './several-at-once.ts';

describe('several at once', () => {
  it('[SY74] gives all results in the order of the items, and never has more under way', async () => {
    let underWay = 0;
    let most = 0;
    const waiting = new Map<number, () => void>();
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      // Later ones are done first.
      await new Promise<void>((resolve) => {
        waiting.set(item, resolve);
        if (waiting.size === 4 || item > 7) for (const done of [...waiting.values()].toReversed()) done();
      });
      underWay--;
      return item * 10;
    };
    const results: number[] = [];
    for await (const result of severalAtOnce([1, 2, 3, 4, 5, 6, 7, 8, 9], 4, work)) results.push(result);
    expect(results).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(most).toBe(4);
  });

  it('[SY74] ends with the failure of an item, and begins nothing after it', async () => {
    const begun: number[] = [];
    const work = async (item: number): Promise<number> => {
      begun.push(item);
      if (item >= 2) throw new Error(`no ${item}`);
      return item;
    };
    const results: number[] = [];
    await expect(
      (async () => {
        for await (const result of severalAtOnce([1, 2, 3, 4, 5, 6], 3, work)) results.push(result);
      })(),
    ).rejects.toThrow('no 2');
    expect(results).toEqual([1]);
    expect(begun).toEqual([1, 2, 3, 4]);
  });
});
