import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelOf } from './line-level.ts';
import { controlSign, showLine } from './show-line.ts';

describe('a line of a log on the screen', () => {
  it('spells out everything that is not seen', () => {
    expect(showLine('a\u0000b\u202ec').map(({ text }) => text)).toEqual(['a', '‹NUL›', 'b', '‹U+202E›', 'c']);
    expect(controlSign('\u001b')).toBe('‹ESC›');
    expect(controlSign('\u0085')).toBe('‹U+0085›');
  });

  it('takes colours from its sequences and nothing else', () => {
    const segments = showLine('\u001b[1;31mred\u001b[0m plain \u001b[2J\u001b]0;title\u0007');
    expect(segments[0]).toEqual({ text: 'red', kind: 'text', isHit: false, isBold: true, colour: 1 });
    expect(segments.map(({ text }) => text).join('')).toBe('red plain ‹ESC›[2J‹ESC›]0;title‹BEL›');
    expect(showLine('\u001b[38;5;31mx')[0]).toMatchObject({ text: 'x', isBold: false });
    expect(showLine('\u001b[38;5;31mx')[0]).not.toHaveProperty('colour');
  });

  it('shows every visible character, in order, whatever the matches are', () => {
    const ranges = fc.array(fc.tuple(fc.nat(30), fc.nat(10)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '整', ' ', '\t', '\u0001', '\u200b', '😀'), maxLength: 40 }),
        ranges,
        (text, pairs) => {
          const hits = pairs
            .map(([from, length]) => ({ from, to: from + length }))
            .sort((a, b) => a.from - b.from);
          const shown = showLine(text, hits)
            .map((segment) => segment.text)
            .join('');
          expect(shown).toBe(
            [...text].map((c) => (c === '\u0001' || c === '\u200b' ? controlSign(c) : c)).join(''),
          );
        },
      ),
    );
  });

  it('marks the matches', () => {
    expect(showLine('abcdef', [{ from: 2, to: 4 }]).map(({ text, isHit }) => [text, isHit])).toEqual([
      ['ab', false],
      ['cd', true],
      ['ef', false],
    ]);
  });

  it('knows its level by the word that stands first', () => {
    expect(levelOf('2026 INFO no error found')).toBe('notice');
    expect(levelOf('<3> ERR fan')).toBe('error');
    expect(levelOf('告警:温度高')).toBe('warning');
    expect(levelOf('terror in errors')).toBeUndefined();
  });
});
