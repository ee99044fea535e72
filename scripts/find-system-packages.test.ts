import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findMissingPackages, installCommand, isDebian } from './find-system-packages.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-packages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('finds a package by a command in the path or by a file', () => {
  writeFileSync(join(folder, 'font-regular.ttc'), '');
  const missing = findMissingPackages([
    { name: 'has-command', neededFor: 'x', commands: ['no-such-command', 'sh'] },
    { name: 'has-file', neededFor: 'x', files: [join(folder, 'font-*')] },
    { name: 'has-nothing', neededFor: 'x', commands: ['no-such-command'], files: [join(folder, 'other-*')] },
  ]);
  expect(missing.map((entry) => entry.name)).toEqual(['has-nothing']);
  expect(installCommand(missing)).toBe(
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends has-nothing',
  );
});

it.each([
  ['ID=debian\n', true],
  ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', true],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
  ['ID=fedora\n', false],
])('knows Debian and its descendants: %j', (text, expected) => {
  const file = join(folder, 'os-release');
  writeFileSync(file, text);
  expect(isDebian(file)).toBe(expected);
});
