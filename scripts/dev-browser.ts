import { existsSync } from 'node:fs';
import { chromium, type BrowserContext } from '@playwright/test';
import { hasScreen } from './open-in-browser.ts';

/** A browser window that `npm run dev` steers. */
export interface DevBrowser {
  /** Loads the address from the beginning, also when only its fragment differs. */
  show(url: string): Promise<void>;
  close(): Promise<void>;
}

const CANDIDATES = [
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser']
    .filter((path) => existsSync(path))
    .map((executablePath) => ({ executablePath })),
  { channel: 'chrome' },
  { channel: 'msedge' },
];

/**
 * Opens Chromium, Chrome or Edge with a profile of its own, so that the page's
 * data stay from one day to the next. Undefined without a screen or such a
 * browser: then the developer reloads by hand.
 */
export async function openDevBrowser(profile: string): Promise<DevBrowser | undefined> {
  if (!hasScreen()) return undefined;
  for (const candidate of CANDIDATES) {
    let context: BrowserContext;
    try {
      context = await chromium.launchPersistentContext(profile, {
        ...candidate,
        headless: false,
        viewport: null,
      });
    } catch {
      // Not installed, or not startable: the next candidate.
      continue;
    }
    return {
      show: async (url) => {
        const page = context.pages()[0] ?? (await context.newPage());
        await page.goto('about:blank');
        await page.goto(url);
      },
      close: () => context.close(),
    };
  }
  return undefined;
}
