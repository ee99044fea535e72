import { expect, it } from 'vitest';
import { formatSize } from './format-size.ts';

it('writes a size shortly, with a figure behind the point where it says something', () => {
  expect(formatSize(0, 'en')).toBe('0 B');
  expect(formatSize(492, 'en')).toBe('492 B');
  expect(formatSize(492, 'zh-CN')).toBe('492 B');
  expect(formatSize(3_100, 'en')).toBe('3.1 kB');
  expect(formatSize(12_000_000, 'zh-CN')).toBe('12 MB');
});
