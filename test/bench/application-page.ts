import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { startBrowserHost, type BrowserHost } from '#electron/serve.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const RENDERER = path.join(ROOT, 'dist', 'renderer');

/** A folder that goes away with `remove`. */
export function folder(): { path: string; remove: () => void } {
  const made = mkdtempSync(path.join(tmpdir(), 'faultline-bench-'));
  return { path: made, remove: () => rmSync(made, { recursive: true, force: true }) };
}

/** A browser process of its own with a profile that survives it: what a start from cold has. */
export function openProfile(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    viewport: { width: 1440, height: 900 },
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

export async function startApplication(dataDir: string, port: number): Promise<BrowserHost> {
  if (!existsSync(path.join(RENDERER, 'index.html')))
    throw new Error('Build the renderer first: npm run build');
  return startBrowserHost({ port, dataDir, rendererDir: RENDERER, version: 'bench', syncTiming: {} });
}

/** Notes, in the page's own time, when the first row of the queue is there and when the whole list has been counted. */
export async function watchList(page: Page, total: number): Promise<void> {
  await page.addInitScript((expected) => {
    const seen = window as unknown as { firstRow?: number; whole?: number };
    const look = (): void => {
      if (seen.firstRow === undefined && document.querySelector('[data-testid=ticket-row]') !== null) {
        requestAnimationFrame(() => (seen.firstRow = performance.now()));
      }
      const all = document.querySelector('[data-testid=queue-view-all]')?.getAttribute('data-count');
      const isLive = document.querySelector('[data-list=live]') !== null;
      if (seen.whole === undefined && isLive && all === String(expected)) seen.whole = performance.now();
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['data-count', 'data-list'],
    });
  }, total);
}

/** Milliseconds since the page began to load. */
export async function seen(page: Page, what: 'firstRow' | 'whole'): Promise<number> {
  const handle = await page.waitForFunction(
    (key) => (window as unknown as Record<string, number | undefined>)[key],
    what,
    { timeout: 180_000 },
  );
  return (await handle.jsonValue()) as number;
}

/** Connects a fresh workspace to a server through the first-start screen. */
export async function connect(page: Page, server: string, user = 'li.wei'): Promise<void> {
  await page.getByTestId('server-url').fill(server);
  await page.getByTestId('server-user').fill(user);
  await page.getByTestId('server-password').fill('demo');
  await page.getByTestId('start-server').click();
}
