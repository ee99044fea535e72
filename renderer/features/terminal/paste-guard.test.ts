import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasUnseen, pasteLines, runsAtOnce, sanitisePaste, showUnseen } from './paste-guard.ts';

describe('what is pasted into a device', () => {
  it('cannot end a bracketed paste', () => {
    expect(sanitisePaste('safe\u001b[201~\nrm -rf /')).toBe('safe[201~\nrm -rf /');
    expect(sanitisePaste('a\u009b201~b')).toBe('a201~b');
  });

  it('keeps TAB, CR, LF and all of Unicode beyond the controls, whatever stands around them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const sane = sanitisePaste(text);
        expect([...sane].some((c) => c < ' ' && !'\t\r\n'.includes(c))).toBe(false);
        expect([...sane].some((c) => c >= '\u007f' && c <= '\u009f')).toBe(false);
        expect(sanitisePaste(sane)).toBe(sane);
        expect(
          [...text].filter((c) => c >= '\u00a0' || '\t\r\n'.includes(c) || (c >= ' ' && c <= '~')).join(''),
        ).toBe(sane);
      }),
    );
  });

  it('is asked about as soon as something of it would run', () => {
    expect(runsAtOnce('show rect')).toBe(false);
    expect(runsAtOnce('show rect\n')).toBe(true);
    expect(runsAtOnce('a\rb')).toBe(true);
  });

  it('is counted in lines as a person counts them', () => {
    expect(pasteLines('a\r\nb\n')).toEqual(['a', 'b']);
    expect(pasteLines('a\n\nb')).toEqual(['a', '', 'b']);
    expect(pasteLines('\n')).toEqual(['']);
  });

  it('shows what reverses or hides text', () => {
    expect(hasUnseen('plain 中文')).toBe(false);
    expect(hasUnseen('a\u202eb')).toBe(true);
    expect(showUnseen('a\u202eb\u200bc')).toBe('a‹U+202E›b‹U+200B›c');
  });
});
