import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RipgrepOutput } from './ripgrep-output.ts';

const output = Buffer.from('2:1:4:foo\n2:9:12:foo\n3:1:16:\n7:5:104:[Omitted long matching line]\n');

describe('the output of ripgrep', () => {
  it('[L8] gives the same lines in any chunking', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: output.length })), (cuts) => {
        const reader = new RipgrepOutput(true);
        let at = 0;
        for (const cut of [...cuts, output.length].toSorted((a, b) => a - b)) {
          reader.push(output.subarray(at, cut));
          at = cut;
        }
        expect(reader.takeAll()).toEqual([
          {
            line: 2,
            byteOffset: 4,
            matches: [
              { from: 0, to: 3 },
              { from: 8, to: 11 },
            ],
          },
          { line: 3, byteOffset: 16, matches: [{ from: 0, to: 0 }] },
          { line: 7, byteOffset: 100, matches: [{ from: 4, to: undefined }] },
        ]);
      }),
    );
  });

  it('[L8] reports a line once even if more of its matches come later', () => {
    const reader = new RipgrepOutput(true);
    reader.push(Buffer.from('2:1:4:foo\n'));
    expect(reader.takeAll()).toHaveLength(1);
    reader.push(Buffer.from('2:9:12:foo\n3:1:16:x\n'));
    expect(reader.takeAll().map((line) => line.line)).toEqual([3]);
  });
});
