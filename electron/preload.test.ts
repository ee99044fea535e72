import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = readFileSync(new URL('./preload.ts', import.meta.url), 'utf8');

describe('the preload script', () => {
  it('is short enough to be read at one glance: 40 lines, two imports', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect(source.match(/^import /gm)?.length).toBeLessThanOrEqual(2);
  });

  it('exposes nothing to the page and says two words to the main process', () => {
    expect(source).not.toMatch(/contextBridge|exposeInMainWorld|invoke|sendSync|process\.|require\(/);
    const words = source.match(/ipcRenderer\.send\([^)]*\)/g);
    expect(words).toEqual([
      "ipcRenderer.send(PAGE_CHANNEL, 'listening')",
      "ipcRenderer.send(PAGE_CHANNEL, 'port')",
    ]);
  });

  it('names our origin whenever it speaks to the page', () => {
    const posts = source.match(/postMessage\([^;]*APP_ORIGIN/g);
    expect(posts?.length).toBe(source.match(/postMessage\(/g)?.length);
  });
});
