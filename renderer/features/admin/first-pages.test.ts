import { expect, test } from 'vitest';
import { firstPages } from './first-pages.ts';

const LIST = ['a', 'b', 'c', 'd', 'e'];
const ask = async (after: string) => {
  const from = LIST.indexOf(after) + 1;
  const items = LIST.slice(from, from + 2);
  return { items, next: from + 2 < LIST.length ? (items.at(-1) ?? null) : null };
};

test('as many pages as were asked for, and where the next one begins', async () => {
  expect(await firstPages(1, ask)).toEqual({ items: ['a', 'b'], next: 'b' });
  expect(await firstPages(2, ask)).toEqual({ items: ['a', 'b', 'c', 'd'], next: 'd' });
});

test('no page after the last one', async () => {
  expect(await firstPages(9, ask)).toEqual({ items: LIST, next: null });
});
