import { expect, it } from 'vitest';
import { findCitedRules, findRules } from './find-rules.ts';

it('finds a rule in each of its spellings', () => {
  const spec = [
    '# SLA',
    '- **S1** A clock is a pure function.',
    '- **S2.** Five promises.',
    '- S3. Calendars.',
    '### S4 Pauses',
    '### SY12. Cursors',
    '**P4b** Swap.',
    '- see **S1** above',
    '- SLA clocks follow S1.',
    'The grade P1. It is not a rule when it stands inside a sentence, as P2: here.',
  ].join('\n');
  expect(findRules('docs/spec/sla.md', spec).map((rule) => `${rule.line} ${rule.id}`)).toEqual([
    '2 S1',
    '3 S2',
    '4 S3',
    '5 S4',
    '6 SY12',
    '7 P4b',
  ]);
});

it('finds the rules that test names cite', () => {
  const source = [
    "it('[S5] keeps earlier pauses', () => {});",
    "it('[S6][S7] reopen', () => {});",
    'it(`[T1, T2] one`, () => {});',
    'const cell = row[A1];',
  ].join('\n');
  expect(findCitedRules(source)).toEqual(['S5', 'S6', 'S7', 'T1', 'T2']);
});
