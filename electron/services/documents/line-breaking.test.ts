import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakIntoLines } from './line-breaking.ts';

/** Every character one wide: a line of ten holds ten. */
const breakAt = (width: number, text: string): string[] =>
  breakIntoLines(text, width, (piece) => [...piece].length);

test('[D7] breaks Chinese between any two ideographs, but never before closing or after opening marks', () => {
  expect(breakAt(6, '整流模块故障，电池放电。')).toEqual(['整流模块故', '障，电池放', '电。']);
  expect(breakAt(4, '详见本《手册》第三章')).toEqual(['详见本', '《手册》', '第三章']);
});

test('[D7] keeps words and numbers whole where they fit', () => {
  expect(breakAt(12, 'Rectifier module 10.8.2.0/24')).toEqual(['Rectifier', 'module', '10.8.2.0/24']);
});

test('[D7] breaks a word wider than the line wherever it has to', () => {
  expect(breakAt(4, 'ab cdefghijkl')).toEqual(['ab', 'cdef', 'ghij', 'kl']);
});

test('[D7] keeps the line ends of the text and gives no line for no text', () => {
  expect(breakAt(9, 'one\n\ntwo')).toEqual(['one', '', 'two']);
  expect(breakAt(9, '')).toEqual([]);
});

test('[D7] loses no character and exceeds no line, whatever the text', () => {
  const characters = fc.constantFrom(...'整流模块，。（）《》“”——… ab48V-/.:'.split(''), '\n', '𠮷');
  fc.assert(
    fc.property(
      fc.array(characters, { maxLength: 120 }),
      fc.integer({ min: 2, max: 30 }),
      (letters, width) => {
        const text = letters.join('');
        const lines = breakAt(width, text);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(/[ \n]/g, ''));
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
      },
    ),
  );
});
