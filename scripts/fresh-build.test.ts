import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isStale } from './fresh-build.ts';
import { hasScreen, redirectPage } from './open-in-browser.ts';

it('builds again when a source is newer than what was built, and not for a test', () => {
  const root = mkdtempSync(join(tmpdir(), 'faultline-stale-'));
  const put = (path: string, seconds: number): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
    utimesSync(join(root, path), seconds, seconds);
  };
  put('renderer/app/main.tsx', 100);
  expect(isStale('dist/index.html', ['renderer'], root)).toBe(true);
  put('dist/index.html', 200);
  expect(isStale('dist/index.html', ['renderer', 'no-such-folder'], root)).toBe(false);
  put('renderer/app/main.test.tsx', 300);
  expect(isStale('dist/index.html', ['renderer'], root)).toBe(false);
  put('renderer/app/main.tsx', 300);
  expect(isStale('dist/index.html', ['renderer'], root)).toBe(true);
  rmSync(root, { recursive: true });
});

it('leads on to the address, whatever is in it', () => {
  expect(redirectPage('http://127.0.0.1:1/?a=1&b="<#t')).toContain(
    'url=http://127.0.0.1:1/?a=1&amp;b=&quot;&lt;#t"',
  );
});

it('knows whether there is a screen', () => {
  expect(hasScreen('linux', {})).toBe(false);
  expect(hasScreen('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
  expect(hasScreen('darwin', {})).toBe(true);
});
