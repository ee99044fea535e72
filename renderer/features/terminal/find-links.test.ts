import { describe, expect, it } from 'vitest';
import { findLinks, safeUrl, type Cell } from './find-links.ts';

/** Cells as a terminal has them: a wide character is followed by an empty cell. */
function cells(text: string): Cell[] {
  return [...text].flatMap((chars) =>
    chars > '\u2e7f'
      ? [
          { chars, width: 2 },
          { chars: '', width: 0 },
        ]
      : [{ chars, width: 1 }],
  );
}

describe('links in a terminal', () => {
  it('are found with their columns, behind wide characters too', () => {
    expect(findLinks(cells('见 https://a.example/x?y=1 。'))).toEqual([
      { url: 'https://a.example/x?y=1', from: 3, to: 26 },
    ]);
  });

  it('leave the punctuation of the sentence out', () => {
    expect(findLinks(cells('(see http://a.example/b).')).map(({ url }) => url)).toEqual([
      'http://a.example/b',
    ]);
    expect(findLinks(cells('打开 https://a.example/c。')).map(({ url }) => url)).toEqual([
      'https://a.example/c',
    ]);
  });

  it('are http and https only, and never name one host while opening another', () => {
    expect(safeUrl('file:///etc/passwd')).toBeUndefined();
    expect(safeUrl('javascript:alert(1)')).toBeUndefined();
    expect(safeUrl('ms-msdt:/id')).toBeUndefined();
    expect(safeUrl('https://bank.example@evil.example/')).toBeUndefined();
    expect(safeUrl('https://a.example')).toBe('https://a.example/');
    expect(findLinks(cells('ftp://a.example vnc://b file:///c'))).toEqual([]);
  });
});
