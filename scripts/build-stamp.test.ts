import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashInputs, inputFiles, isUpToDate, writeStamp } from './build-stamp.ts';

describe('the stamp of a build', () => {
  let root: string;
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'faultline-stamp-'));
    write('src/a.ts', '1');
    write('src/a.test.ts', '1');
    write('src/deep/b.ts', '2');
    write('lock.json', '{}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made of the sources without their tests', () => {
    expect(inputFiles(root, ['src', 'lock.json', 'missing'])).toEqual([
      'lock.json',
      'src/a.ts',
      'src/deep/b.ts',
    ]);
  });

  it('changes with a file’s text, name and absence, and with nothing else', () => {
    const hash = () => hashInputs(root, ['src', 'lock.json'], 'x');
    const first = hash();
    write('src/a.test.ts', 'changed');
    expect(hash()).toBe(first);
    write('src/a.ts', '3');
    const second = hash();
    expect(second).not.toBe(first);
    write('src/c.ts', '');
    expect(hash()).not.toBe(second);
    expect(hashInputs(root, ['src'], 'x')).not.toBe(hashInputs(root, ['src'], 'y'));
  });

  it('asks for a build when it is missing, broken or of other sources', () => {
    const file = path.join(root, 'stamp.json');
    expect(isUpToDate(file, 'h')).toBe(false);
    writeFileSync(file, '{');
    expect(isUpToDate(file, 'h')).toBe(false);
    writeStamp(file, 'h');
    expect([isUpToDate(file, 'h'), isUpToDate(file, 'i')]).toEqual([true, false]);
  });
});
