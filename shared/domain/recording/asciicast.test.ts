import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeEvent, encodeHeader, encodeSize, IntervalClock } from './asciicast.ts';
import type { CastEvent } from './asciicast.ts';
import { CastReader, castOutput, readCast } from './cast-reader.ts';
import { toAsciicastV2 } from './to-v2.ts';

const header = { term: { cols: 80, rows: 24, type: 'xterm-256color' }, timestamp: 1_795_000_000 };

function aRecording(events: readonly CastEvent[]): string {
  return encodeHeader(header) + events.map(encodeEvent).join('');
}

const anEvent = fc.record({
  intervalMs: fc.nat({ max: 100_000 }),
  code: fc.constantFrom('o' as const, 'm' as const),
  data: fc.string({ unit: 'grapheme' }),
});

describe('a recording', () => {
  test('[R20] is asciicast v3: a header line, then intervals', () => {
    const text = aRecording([
      { intervalMs: 1234, code: 'o', data: '整流 \u001b[31m报警\r\n' },
      { intervalMs: 0, code: 'r', data: encodeSize(120, 40) },
      { intervalMs: 5, code: 'x', data: '0' },
    ]);
    expect(text.split('\n')).toEqual([
      '{"version":3,"term":{"cols":80,"rows":24,"type":"xterm-256color"},"timestamp":1795000000}',
      '[1.234, "o", "整流 \\u001b[31m报警\\r\\n"]',
      '[0.000, "r", "120x40"]',
      '[0.005, "x", "0"]',
      '',
    ]);
  });

  test('[R20] reads back what was written, however the text is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(anEvent), fc.array(fc.nat({ max: 50 })), (events, cuts) => {
        const text = aRecording(events);
        const reader = new CastReader();
        const read: CastEvent[] = [];
        let at = 0;
        for (const cut of cuts) {
          read.push(...reader.push(text.slice(at, at + cut)));
          at += cut;
        }
        read.push(...reader.push(text.slice(at)));
        expect(read).toEqual(events);
        expect(reader.torn).toBe(false);
      }),
    );
  });

  test('[R22] that a crash cut off anywhere after its header gives its whole events', () => {
    fc.assert(
      fc.property(
        fc.array(anEvent, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (events, at) => {
          const text = aRecording(events);
          const start = encodeHeader(header).length;
          const cast = readCast(text.slice(0, start + Math.floor(at * (text.length - start))));
          expect(events.slice(0, cast.events.length)).toEqual(cast.events);
          expect(castOutput(events).startsWith(castOutput(cast.events))).toBe(true);
        },
      ),
    );
  });

  test('that is damaged in its middle says in which line', () => {
    expect(() => readCast(`${encodeHeader(header)}[1.0, "o"\n[1.0, "o", "x"]\n`)).toThrow(
      'Line 2 of the recording is no JSON.',
    );
    expect(() => readCast('{"version":2}\n')).toThrow('Line 1 of the recording is no asciicast v3 header.');
    expect(() => readCast('')).toThrow('Line 1 of the recording is missing or cut off.');
  });

  test('skips comments and event codes of later versions', () => {
    const cast = readCast(`${encodeHeader(header)}# note\n[1, "z", "?"]\n[1, "o", "a"]\n`);
    expect(cast.events).toEqual([{ intervalMs: 1000, code: 'o', data: 'a' }]);
  });

  test('exports to asciicast v2 with times from the start', () => {
    const cast = readCast(
      aRecording([
        { intervalMs: 500, code: 'o', data: 'a' },
        { intervalMs: 250, code: 'o', data: 'b' },
        { intervalMs: 1, code: 'x', data: '0' },
      ]),
    );
    expect([...toAsciicastV2(cast)]).toEqual([
      '{"version":2,"width":80,"height":24,"timestamp":1795000000}\n',
      '[0.500, "o", "a"]\n',
      '[0.750, "o", "b"]\n',
    ]);
  });
});

test('[R20] intervals add up to the time that passed, without drift from rounding', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 50, noNaN: true })), (steps) => {
      const clock = new IntervalClock(0);
      let now = 0;
      let sum = 0;
      for (const step of steps) {
        now += step;
        sum += clock.next(now);
      }
      expect(Math.abs(sum - now)).toBeLessThanOrEqual(0.5);
    }),
  );
});
