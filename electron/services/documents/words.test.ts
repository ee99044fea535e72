import { expect, test } from 'vitest';
import { en, wordsFor, zhCN, type WordKey } from './words.ts';

test('[D2] has every word of the paper in both languages, with the same values', () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(zhCN).sort());
  const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
  for (const key of Object.keys(zhCN) as WordKey[]) {
    expect([key, values(en[key])]).toEqual([key, values(zhCN[key])]);
    expect(en[key].trim()).not.toBe('');
  }
});

test('[D2] puts both languages side by side, Chinese first', () => {
  expect(wordsFor('both').line('sign.none')).toBe('尚未签字 Not signed yet');
  expect(wordsFor('en').each('record.page', { page: 1, pages: 2 })).toEqual(['Page 1 of 2']);
});
