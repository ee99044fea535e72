import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEncoding } from './encodings.ts';
import type { ByteSource } from './log-file.ts';
import { LinePager, SHOWN_BYTES, type LogLine } from './line-pages.ts';

function sourceOf(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
  };
}

function encode(text: string, encoding: LogEncoding): Buffer {
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  return Buffer.from(text);
}

/** What the lines of a text are, said in the plainest way. */
function split(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.replace(/\r$/, ''));
}

async function allForward(pager: LinePager, size: number, counts: readonly number[]): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let at = 0;
  for (let i = 0; at < size; i += 1) {
    const page = await pager.forward(at, counts[i % counts.length] ?? 1);
    expect(page.lines.length).toBeGreaterThan(0);
    lines.push(...page.lines);
    const last = page.lines.at(-1)!;
    at = last.byteOffset + last.byteLength;
    expect(page.atEnd).toBe(at === size);
  }
  return lines;
}

async function allBackward(pager: LinePager, size: number, counts: readonly number[]): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let at = size;
  for (let i = 0; at > 0; i += 1) {
    const page = await pager.backward(at, counts[i % counts.length] ?? 1);
    expect(page.lines.length).toBeGreaterThan(0);
    lines.unshift(...page.lines);
    at = page.lines[0]!.byteOffset;
    expect(page.atStart).toBe(at === 0);
  }
  return lines;
}

const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r\n', '\r', '\0', '', 'Ċ', '਀', '漢字', '😀'),
      fc.string({ maxLength: 40 }),
    ),
    {
      maxLength: 60,
    },
  )
  // A byte order mark at the very start is no text.
  .map((parts) => parts.join('').replace(/^\uFEFF+/, ''))
  .map((text) => text.toWellFormed());
const counts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

describe('pages of lines', () => {
  it.each<LogEncoding>(['utf-8', 'utf-16le', 'utf-16be'])(
    '[L3] read in any portions, forward or backward, are the lines of the text (%s)',
    async (encoding) => {
      await fc.assert(
        fc.asyncProperty(texts, counts, async (text, portions) => {
          const bytes = encode(text, encoding);
          const pager = new LinePager(sourceOf(bytes), encoding);
          const forward = await allForward(pager, bytes.length, portions);
          expect(forward.map((line) => line.text)).toEqual(split(text));
          expect(forward.map((line) => line.byteLength).reduce((a, b) => a + b, 0)).toBe(bytes.length);
          expect(await allBackward(pager, bytes.length, portions)).toEqual(forward);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('[L2] begin with the line that holds the position', async () => {
    const bytes = Buffer.from('first\nsecond\nthird');
    const pager = new LinePager(sourceOf(bytes), 'utf-8');
    for (let at = 0; at < bytes.length; at += 1) {
      const expected = at < 6 ? 'first' : at < 13 ? 'second' : 'third';
      expect((await pager.forward(at, 1)).lines[0]?.text).toBe(expected);
    }
    expect(await pager.forward(bytes.length, 3)).toEqual({ lines: [], atStart: false, atEnd: true });
    expect((await pager.backward(13, 5)).lines.map((line) => line.text)).toEqual(['first', 'second']);
    expect((await pager.backward(15, 1)).lines[0]).toMatchObject({ text: 'th', endKnown: false });
  });

  it('[L3] of an empty file are none', async () => {
    const pager = new LinePager(sourceOf(Buffer.alloc(0)), 'utf-8');
    expect(await pager.forward(0, 5)).toEqual({ lines: [], atStart: true, atEnd: true });
    expect(await pager.backward(0, 5)).toEqual({ lines: [], atStart: true, atEnd: true });
  });

  it('[L3] do not break GBK characters with the trail byte 0x5C', async () => {
    const bytes = Buffer.from([0x81, 0x5c, 0x0a, 0xce, 0xc4, 0xbc, 0xfe, 0x0d, 0x0a]);
    const page = await new LinePager(sourceOf(bytes), 'gb18030').forward(0, 5);
    expect(page.lines.map((line) => line.text)).toEqual(['乗', '文件']);
  });

  it('[L15] leave control characters as they are', async () => {
    const bytes = Buffer.from('\u001B[31mred\u001B[0m\0\u0007\u202E\n');
    expect((await new LinePager(sourceOf(bytes), 'utf-8').forward(0, 1)).lines[0]?.text).toBe(
      '\u001B[31mred\u001B[0m\0\u0007\u202E',
    );
  });

  it('[L4] cut a long line and tell its true range', async () => {
    const long = 'x'.repeat(300_000);
    const bytes = Buffer.from(`before\n${long}\nafter\n`);
    const pager = new LinePager(sourceOf(bytes), 'utf-8');
    const expected = {
      byteOffset: 7,
      byteLength: 300_001,
      text: 'x'.repeat(SHOWN_BYTES),
      truncated: true,
      startKnown: true,
      endKnown: true,
    };
    expect((await pager.forward(7, 1)).lines).toEqual([expected]);
    expect((await pager.forward(200_000, 1)).lines).toEqual([expected]);
    expect((await pager.backward(300_008, 1)).lines).toEqual([expected]);
    expect((await pager.forward(0, 9)).lines.map((line) => line.byteLength)).toEqual([7, 300_001, 6]);
  });

  it('[L4] cut between characters, not inside one', async () => {
    const bytes = Buffer.from(`a${'漢'.repeat(20_000)}`);
    const page = await new LinePager(sourceOf(bytes), 'utf-8').forward(0, 1);
    expect(page.lines[0]?.text).toBe(`a${'漢'.repeat(Math.floor((SHOWN_BYTES - 1) / 3))}`);
  });

  it('[L4] go through an endless line in pieces that join without gap or overlap', async () => {
    const bytes = Buffer.from(`start\n${'y'.repeat(1_000_000)}\nend\n`);
    const pager = new LinePager(sourceOf(bytes), 'utf-8', undefined, { scanLimit: 128 * 1024 });
    for (const lines of [
      await allForward(pager, bytes.length, [4]),
      await allBackward(pager, bytes.length, [4]),
    ]) {
      let at = 0;
      for (const line of lines) {
        expect(line.byteOffset).toBe(at);
        at += line.byteLength;
      }
      expect(at).toBe(bytes.length);
      expect(lines.at(-1)?.text).toBe('end');
      expect(lines.some((line) => !line.endKnown || !line.startKnown)).toBe(true);
    }
  });
});
