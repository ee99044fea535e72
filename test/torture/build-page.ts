import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

export interface BuiltPage {
  readonly folder: string;
  remove(): void;
}

/** The product's data path as a page without screens, built as the product is. */
export async function buildPage(): Promise<BuiltPage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'faultline-torture-page-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: path.join(import.meta.dirname, 'page'),
    base: '/',
    build: { outDir: folder, emptyOutDir: true, target: 'chrome148', assetsInlineLimit: 0 },
    worker: { format: 'es' },
  });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
