import type { Page } from '@playwright/test';
import type { Device } from '../fixtures/device.ts';
import { axeFindings, takePicture } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { App, type Section } from '../pages/app.ts';
import { choose } from '../pages/choice.ts';
import { FirstStart } from '../pages/first-start.ts';
import { Ticket } from '../pages/ticket.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
  { width: 900, height: 700 },
] as const;
const THEMES = ['light', 'dark'] as const;

/** A screen by name: how one gets there, and how one leaves it. */
interface Screen {
  readonly name: string;
  readonly show: (page: Page) => Promise<void>;
  readonly leave?: (page: Page) => Promise<void>;
}

const escape = async (page: Page): Promise<void> => {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
};
const section = (name: Section, testId: string): Screen => ({
  name,
  show: async (page) => {
    await new App(page).go(name);
    await expect(page.getByTestId(testId)).toBeVisible();
  },
});
const tool = (kind: 'terminal' | 'log' | 'part' | 'document', testId: string): Screen => ({
  name: `tool-${kind}`,
  show: async (page) => {
    await new Ticket(page).openTool(kind);
    await expect(page.getByTestId(testId).filter({ visible: true })).toBeVisible();
  },
});
const byKey = (name: string, key: string): Screen => ({
  name,
  show: async (page) => {
    await page.keyboard.press(key);
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  leave: escape,
});

const SCREENS: readonly Screen[] = [
  {
    name: 'ticket',
    show: async (page) => {
      await new App(page).go('tickets');
      await page.getByTestId('ticket-row').first().click();
      await expect(page.getByTestId('ticket-page')).toBeVisible();
    },
  },
  byKey('new-ticket', 'n'),
  byKey('palette', 'Control+k'),
  byKey('help', '?'),
  byKey('consent', 'c'),
  tool('terminal', 'terminal-form'),
  tool('log', 'log-form'),
  tool('part', 'swap-tab'),
  tool('document', 'document-tab'),
  section('parts', 'parts-page'),
  section('sites', 'sites-page'),
  {
    name: 'site',
    show: async (page) => {
      await new App(page).go('sites');
      await page.getByTestId('site-open').first().click();
      await expect(page.getByTestId('site-view')).toBeVisible();
    },
  },
  {
    name: 'visit',
    show: async (page) => {
      await page.getByTestId('prepare-visit').click();
      await expect(page.getByTestId('visit-panel')).toBeVisible();
    },
    leave: async (page) => page.getByTestId('site-back').click(),
  },
  section('sync', 'sync-page'),
  section('settings', 'settings-page'),
];

for (const language of ['zh-CN', 'en'] as const) {
  test(`every screen in ${language}, light and dark: no serious finding of axe, nothing wider than the window`, async ({
    newDevice,
  }) => {
    test.setTimeout(300_000);
    const wrong: string[] = [];
    const fresh = await newDevice();
    const start = new FirstStart(fresh.page);
    await start.isShown();
    await start.choose(language);
    await look(fresh, { name: 'first-start', show: async () => undefined }, `${language}-light`, wrong);

    const device = await newDevice({ demo: language });
    const { page } = device;
    const app = new App(page);
    await app.isReady();
    for (const theme of THEMES) {
      await page.setViewportSize(SIZES[0]);
      await app.go('settings');
      await choose(page.getByTestId('settings-theme'), theme);
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme);
      for (const screen of SCREENS) await look(device, screen, `${language}-${theme}`, wrong);
    }
    expect(wrong, 'what is wrong with the screens').toEqual([]);
  });
}

/** Shows a screen and notes what is wrong with it, in all sizes. */
async function look({ page }: Device, screen: Screen, kind: string, wrong: string[]): Promise<void> {
  await page.setViewportSize(SIZES[0]);
  await screen.show(page);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    const name = `${screen.name}-${kind}-${size.width}`;
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) wrong.push(`${name}: ${overflow} px wider than the window`);
    // Colours and names are the same at 1280; the narrow window is arranged in another way.
    if (size.width !== 1280) {
      for (const { id, impact, nodes } of await axeFindings(page))
        wrong.push(`${name}: ${impact} ${id} ${nodes.join(' | ')}`);
    }
    await takePicture(page, name);
  }
  await page.setViewportSize(SIZES[0]);
  await screen.leave?.(page);
}
