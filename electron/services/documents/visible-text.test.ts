import { expect, test } from 'vitest';
import { visibleText } from './visible-text.ts';

const latinAndHan = (codePoint: number): boolean =>
  codePoint < 0x300 || (codePoint >= 0x3000 && codePoint < 0xa000);
const visible = (text: string): string => visibleText(text, latinAndHan);

test('[D8] names a character that the font cannot draw instead of dropping it', () => {
  expect(visible('风扇 🔥 停转')).toBe('风扇 [U+1F525] 停转');
  expect(visible('𠮷田')).toBe('[U+20BB7]田');
  expect(visible('a\ud800b')).toBe('a[U+D800]b');
});

test('[D8] shows bidirectional overrides and control characters', () => {
  expect(visible('SN \u202e71104K2012\u202c')).toBe('SN [U+202E]71104K2012[U+202C]');
  expect(visible('\u2066x\u2069\u200f\u001b[31m\u0000')).toBe(
    '[U+2066]x[U+2069][U+200F][U+001B][31m[U+0000]',
  );
});

test('[D8] drops joiners that have no look of their own and keeps lines and spaces', () => {
  expect(visible('机\u200b房\ufeff 2\ufe0f')).toBe('机房 2');
  expect(visible('一\r\n二\u2028三\t四\u00a0五')).toBe('一\n二\n三    四 五');
});

test('[D8] composes letters that came in pieces', () => {
  expect(visible('Cafe\u0301')).toBe('Café');
});
