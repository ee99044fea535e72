import { expect, type Locator, type Page } from '@playwright/test';

export type Section = 'tickets' | 'parts' | 'sites' | 'sync' | 'settings' | 'admin';

/** The frame around everything: rail, status bar, dock, what the page says of its own state. */
export class App {
  readonly page: Page;
  readonly connection: Locator;
  readonly unsynced: Locator;
  readonly notifications: Locator;

  constructor(page: Page) {
    this.page = page;
    this.connection = page.getByTestId('status-connection');
    this.unsynced = page.getByTestId('status-unsynced');
    this.notifications = page.locator('.mantine-Notification-root');
  }

  /** The journal has been read: every fact born here is on the screen. */
  async isReady(timeout = 30_000): Promise<void> {
    await expect(this.page.locator('html')).toHaveAttribute('data-app-state', 'ready', { timeout });
  }

  async go(section: Section): Promise<void> {
    await this.page.getByTestId(`rail-${section}`).click();
  }

  /** `online`, `offline`, `needsLogin` … */
  async isConnected(state: string, timeout = 20_000): Promise<void> {
    await expect(this.connection).toHaveAttribute('data-state', state, { timeout });
  }

  async unsyncedCount(): Promise<number> {
    return Number(await this.unsynced.getAttribute('data-count'));
  }

  /** Everything of this laptop, attachments too, has reached the server. */
  async isAllSent(timeout = 60_000): Promise<void> {
    // Behind the count stand the files that still wait, if any do.
    await expect(this.unsynced).not.toContainText('·', { timeout });
    await expect(this.unsynced).toHaveAttribute('data-count', '0', { timeout });
  }

  /** A sentence that appears in a corner. */
  async says(sentence: string | RegExp): Promise<void> {
    await expect(this.notifications.filter({ hasText: sentence }).first()).toBeVisible();
  }
}
