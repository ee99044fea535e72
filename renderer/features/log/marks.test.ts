import { expect, it } from 'vitest';
import { addMarks, rangesOf, toggleMark, type Marks } from './marks.ts';

const line = (byteOffset: number, byteLength = 10) => ({ byteOffset, byteLength, line: byteOffset / 10 + 1 });
const none: Marks = new Map();

it('makes one range of marked lines that touch, in the order of the file', () => {
  expect(rangesOf(addMarks(none, [line(30), line(10), line(20), line(50)]))).toEqual([
    { byteOffset: 10, byteLength: 30 },
    { byteOffset: 50, byteLength: 10 },
  ]);
});

it('takes a mark away again, and never takes an empty line without bytes', () => {
  expect(toggleMark(toggleMark(none, line(10)), line(10)).size).toBe(0);
  expect(rangesOf(addMarks(none, [line(10, 0)]))).toEqual([]);
});
