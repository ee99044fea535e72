import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { createServer } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** The store on a page of its own, served on a free port of 127.0.0.1. */
export interface StoreSite {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveStore(): Promise<StoreSite> {
  const folder = await mkdtemp(path.join(tmpdir(), 'faultline-store-'));
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'chrome148',
      lib: {
        entry: path.join(ROOT, 'test/support/store-page.ts'),
        formats: ['es'],
        fileName: () => 'page.js',
      },
    },
    worker: { format: 'es' },
  });
  await writeFile(
    path.join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><body><script type="module" src="page.js"></script>',
  );
  const http = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : decodeURIComponent((request.url ?? '').slice(1));
    readFile(path.join(folder, name)).then(
      (content) => {
        response.setHeader('content-type', TYPES[path.extname(name)] ?? 'application/octet-stream');
        response.end(content);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A browser process with a profile on disk: what is stored survives it. */
export async function openSite(
  site: StoreSite,
  profile: string,
  features: readonly string[],
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...(features.length > 0 ? [`--enable-features=${features.join(',')}`] : []),
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(site.url);
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
  return { context, page };
}

/** Every file that the browser keeps for IndexedDB, by its path in the profile. */
export async function indexedDbFiles(profile: string): Promise<Map<string, Buffer>> {
  const folder = path.join(profile, 'Default');
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && /indexeddb|webstorage/i.test(file))
      files.set(path.relative(folder, file), await readFile(file));
  }
  return files;
}
