import { expect, it } from 'vitest';
import { joinSentences } from './join-sentences.ts';

it('puts a space between sentences in English, none in Chinese, and leaves out what is missing', () => {
  expect(joinSentences('en', 'One.', undefined, 'Two.', '')).toBe('One. Two.');
  expect(joinSentences('zh-CN', '一。', '二。')).toBe('一。二。');
});
