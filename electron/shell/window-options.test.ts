import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BACKGROUND, windowOptions } from './window-options.ts';

describe('the options of the window', () => {
  const options = windowOptions({ preload: '/p/preload.cjs', dark: true, icon: '/i.png' });

  it('keep every wall between page and machine', () => {
    expect(options.webPreferences).toEqual({
      preload: '/p/preload.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      plugins: false,
      spellcheck: false,
      backgroundThrottling: false,
      autoplayPolicy: 'document-user-activation-required',
    });
  });

  it('show nothing before the first paint, on the colour of the theme', () => {
    expect(options.show).toBe(false);
    expect(options.backgroundColor).toBe(BACKGROUND.dark);
    expect(windowOptions({ preload: '', dark: false, icon: '' }).backgroundColor).toBe(BACKGROUND.light);
    const page = readFileSync(path.resolve(import.meta.dirname, '../../renderer/index.html'), 'utf8');
    expect([...page.matchAll(/background: (#\w{6})/g)].map(([, colour]) => colour)).toEqual(
      Object.values(BACKGROUND),
    );
  });

  it('never set a key that tears a wall down, in no file of the shell', () => {
    const banned =
      /^\s*(webSecurity|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|bypassCSP|nodeIntegration: true)\b/m;
    const files = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const guilty = files.filter((name) =>
      banned.test(readFileSync(path.join(import.meta.dirname, name), 'utf8')),
    );
    expect(guilty).toEqual([]);
  });
});
