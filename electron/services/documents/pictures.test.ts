import fc from 'fast-check';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { aPng, jpegShell } from '#test/support/pictures.ts';
import { checkPicture } from './pictures.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const rowsOf = (png: Uint8Array): number[] => {
  const at = Buffer.from(png).indexOf('IDAT');
  return [...inflateSync(png.subarray(at + 4, at + 4 + Buffer.from(png).readUInt32BE(at - 4)))];
};

describe('[D9] PNG', () => {
  test('passes a whole one with its size', () => {
    expect(checkPicture(aPng({ width: 3, height: 2 }))).toMatchObject({ width: 3, height: 2 });
  });

  test('lays transparent pixels on white', () => {
    // Half-transparent black, the second pixel told by the difference to the first (filter 1).
    const rows = Uint8Array.from([1, 0, 0, 0, 128, 255, 0, 0, 127]);
    const checked = checkPicture(aPng({ width: 2, height: 1, colour: 6, rows }));
    expect(checked).toMatchObject({ width: 2, height: 1 });
    expect('bytes' in checked && rowsOf(checked.bytes)).toEqual([0, 127, 127, 127, 255, 0, 0]);
  });

  test('lays transparent palette entries on white', () => {
    const checked = checkPicture(
      aPng({
        width: 1,
        height: 1,
        colour: 3,
        palette: Uint8Array.from([0, 0, 0]),
        transparency: Uint8Array.from([0]),
      }),
    );
    expect(
      'bytes' in checked && Buffer.from(checked.bytes).includes(Buffer.from('PLTE\xff\xff\xff', 'latin1')),
    ).toBe(true);
  });

  test('refuses giant dimensions before unpacking anything', () => {
    const png = Buffer.from(aPng());
    png.writeUInt32BE(90_000, 16);
    png.writeUInt32BE(90_000, 20);
    expect(checkPicture(png)).toEqual({ fault: 'tooLarge', width: 90_000, height: 90_000 });
  });

  test.each([
    ['cut short', aPng().subarray(0, 50)],
    ['with more rows than it says', aPng({ rows: new Uint8Array(100_000) })],
    ['with fewer rows than it says', aPng({ rows: new Uint8Array(10) })],
    ['with a row filter that does not exist', aPng({ rows: new Uint8Array(25 * 8).fill(9) })],
    ['of no width', aPng({ width: 0 })],
    ['with a palette that is not there', aPng({ colour: 3 })],
  ])('calls one %s damaged', (_, png) => {
    expect(checkPicture(png)).toEqual({ fault: 'damaged' });
  });

  test('says that interlacing is not supported', () => {
    expect(checkPicture(aPng({ interlace: 1 }))).toEqual({ fault: 'unsupported' });
  });
});

describe('[D9] JPEG', () => {
  test('passes a whole one with the sides the camera meant', () => {
    expect(checkPicture(jpegShell())).toMatchObject({ width: 640, height: 480 });
    expect(checkPicture(jpegShell({ orientation: 6 }))).toMatchObject({ width: 480, height: 640 });
  });

  test('names what is wrong with another', () => {
    expect(checkPicture(jpegShell({ isCut: true }))).toEqual({ fault: 'damaged' });
    expect(checkPicture(jpegShell({ width: 0 }))).toEqual({ fault: 'damaged' });
    expect(checkPicture(jpegShell({ frame: 0xc9 }))).toEqual({ fault: 'unsupported' });
    expect(checkPicture(jpegShell({ width: 60_000, height: 60_000 }))).toEqual({
      fault: 'tooLarge',
      width: 60_000,
      height: 60_000,
    });
  });
});

test('[D9] knows nothing but JPEG and PNG', () => {
  expect(checkPicture(text('<svg onload="x"/>'))).toEqual({ fault: 'notPicture' });
  expect(checkPicture(new Uint8Array())).toEqual({ fault: 'notPicture' });
});

test('[D9] never throws, whatever is done to the bytes', () => {
  const seeds = [
    aPng({ colour: 6 }),
    aPng({ colour: 3, palette: new Uint8Array(3) }),
    jpegShell({ orientation: 8 }),
  ];
  const change = fc.record({ at: fc.nat(200), to: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(change, { maxLength: 6 }),
      fc.nat(300),
      (seed, changes, length) => {
        const bytes = Uint8Array.from(seed.subarray(0, length));
        for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
        const checked = checkPicture(bytes);
        expect('fault' in checked || checked.bytes.length > 0).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
