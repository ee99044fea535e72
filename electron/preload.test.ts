import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const source = readFileSync(new URL('./preload.ts', import.meta.url), 'utf8');

describe('the preload script', () => {
  it('is short enough to be read at one glance: 40 lines, two imports', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect(source.match(/^import /gm)?.length).toBeLessThanOrEqual(2);
  });

  it('exposes nothing to the page and asks the main process for one thing', () => {
    expect(source).not.toMatch(/contextBridge|exposeInMainWorld|invoke|sendSync|process\.|require\(/);
    expect(source.match(/ipcRenderer\.send\(/g)).toEqual(['ipcRenderer.send(']);
  });

  it('names our origin whenever it speaks to the page', () => {
    const posts = source.match(/postMessage\([^;]*APP_ORIGIN/g);
    expect(posts?.length).toBe(source.match(/postMessage\(/g)?.length);
  });
});
