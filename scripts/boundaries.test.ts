import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { areas, bannedWords } from './boundary-table.ts';
import { checkDependencies, checkFile, isChecked } from './check-boundaries.ts';
import { dependencyClasses, packageOf } from './dependency-classes.ts';
import { listFiles, readPackageJson, repositoryRoot } from './repository.ts';

const messages = (file: string, source: string): string[] =>
  checkFile(file, source).map((finding) => finding.message);

describe('boundaries', () => {
  it('are kept by this repository', () => {
    const findings = listFiles(repositoryRoot)
      .filter(isChecked)
      .flatMap((file) => checkFile(file, readFileSync(join(repositoryRoot, file), 'utf8')));
    expect(findings.filter((finding) => finding.level === 'error')).toEqual([]);
    expect(checkDependencies(readPackageJson())).toEqual([]);
  });

  it.each([
    ['shared/events/fold.ts', "import { readFile } from 'node:fs';", 'shared may not use Node'],
    ['shared/events/fold.ts', "import { readFile } from 'fs';", 'shared may not use Node'],
    ['shared/events/fold.ts', "import { useState } from 'react';", 'shared may not use react'],
    [
      'shared/domain/a.ts',
      "import type { Host } from '#electron/services/ports.ts';",
      'shared may not import from services',
    ],
    ['shared/domain/a.ts', "import { z } from '../sync/protocol.ts';", 'stand on their own'],
    ['renderer/app/shell.tsx', "const fs = await import('node:fs');", 'renderer may not use Node'],
    ['renderer/app/shell.tsx', "export * from '#server/start.ts';", 'renderer may not import from server'],
    ['renderer/app/shell.tsx', "import { app } from 'electron';", 'renderer may not use electron'],
    [
      'renderer/db/rows.ts',
      "import { Queue } from '../features/queue/queue.tsx';",
      'not the other way round',
    ],
    ['renderer/features/queue/queue.tsx', "import { Dock } from '../dock/dock.tsx';", 'through its door'],
    ['electron/services/ssh/session.ts', "import { app } from 'electron';", 'through ports.ts'],
    ['electron/serve.ts', "import { app } from 'electron';", 'electron/shell/'],
    [
      'electron/shell/window.ts',
      "import { start } from '#renderer/main.tsx';",
      'shell may not import from renderer',
    ],
    ['electron/preload.ts', "import { journal } from './services/journal/journal.ts';", 'hands one port'],
    [
      'server/http/app.ts',
      "import { ssh } from '#electron/services/ssh/session.ts';",
      'server may not import from services',
    ],
    ['server/http/app.ts', "import x from 'left-pad';", 'left-pad is not classified'],
    ['misc/thing.ts', '', 'stands in no area'],
  ])('refuse in %s: %s', (file, source, expected) => {
    expect(messages(file, source).join('\n')).toContain(expected);
  });

  it.each([
    ['shared/events/fold.ts', "import { sha256 } from '@noble/hashes/sha2.js';"],
    [
      'renderer/app/shell.tsx',
      "import '@mantine/core/styles.css';\nimport { z } from '#shared/host/contract.ts';",
    ],
    ['renderer/features/queue/queue.tsx', "import { Dock } from '../dock/index.ts';"],
    ['electron/main.ts', "import { app } from 'electron';\nimport { window } from './shell/window.ts';"],
    ['server/start.ts', "import pg from 'pg';\nimport { join } from 'node:path';"],
    ['server/start.test.ts', "import { chromium } from '@playwright/test';"],
  ])('allow in %s: %s', (file, source) => {
    expect(messages(file, source)).toEqual([]);
  });

  it.each([
    ['electron/shell/window.ts', 'const options = { webSecurity: false };'],
    ['electron/shell/window.ts', 'const options = { nodeIntegration: true };'],
    ['electron/shell/window.ts', 'const options = { nodeIntegrationInWorker: true };'],
    ['electron/shell/window.ts', "const options = { enableBlinkFeatures: 'x' };"],
    ['renderer/app/shell.tsx', 'window.ipcRenderer.send();'],
    ['renderer/app/shell.tsx', "localStorage.setItem('a', 'b');"],
    ['shared/domain/a.ts', 'const now = Date.now();'],
    ['shared/domain/a.ts', '// TODO later'],
  ])('find the banned word in %s: %s', (file, source) => {
    expect(messages(file, source).join()).toContain('is banned');
  });

  it('take no notice of banned words in comments', () => {
    expect(messages('shared/domain/a.ts', '// never Date.now() in here\n')).toEqual([]);
  });

  it('cap the length of files, and of the main process before all', () => {
    const lines = (count: number): string => 'export {};\n'.repeat(count);
    expect(messages('electron/main.ts', lines(150))).toEqual([]);
    expect(messages('electron/main.ts', lines(151))[0]).toContain('at most 150');
    expect(checkFile('server/start.ts', lines(401))[0]?.level).toBe('warning');
    expect(checkFile('server/start.ts', lines(601))[0]?.level).toBe('error');
  });

  it('want every package classified, and none that is gone', () => {
    const { zod: _gone, ...rest } = readPackageJson().dependencies;
    const found = checkDependencies({
      dependencies: { ...rest, 'left-pad': '1.0.0' },
      devDependencies: readPackageJson().devDependencies,
    });
    expect(found.map((finding) => finding.message.split(' ')[0])).toEqual(['left-pad', 'zod']);
  });

  it('say in every row where the code belongs, or why the word is banned', () => {
    expect(areas.filter((area) => !area.mayImport.includes('*') && area.advice.length < 20)).toEqual([]);
    expect(bannedWords.filter((entry) => entry.reason.length < 15)).toEqual([]);
    expect(
      Object.values(dependencyClasses).filter((entry) => !/MIT|ISC|Apache|BSD|OFL|MPL/.test(entry.why)),
    ).toEqual([]);
  });
});

describe('packageOf', () => {
  it('names the package of a deep import', () => {
    expect(['@a/b/c.css', 'd/e', 'f'].map(packageOf)).toEqual(['@a/b', 'd', 'f']);
  });
});
