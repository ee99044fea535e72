import { expect, type Locator, type Page } from '@playwright/test';

/** What waits for the server and the switches that go with it. */
export class Sync {
  readonly page: Page;
  readonly items: Locator;
  readonly refused: Locator;
  readonly blobs: Locator;
  readonly preview: Locator;
  readonly metered: Locator;

  constructor(page: Page) {
    this.page = page;
    this.items = page.getByTestId('unsynced-list').locator('tbody tr');
    this.refused = page.getByTestId('unsynced-list').locator('tbody tr[data-state=refused]');
    this.blobs = page.getByTestId('unsent-blobs').locator('tbody tr');
    this.preview = page.getByTestId('sync-preview');
    this.metered = page.getByTestId('sync-metered');
  }

  async stayOffline(isOffline: boolean): Promise<void> {
    const choice = this.page.getByTestId('sync-offline');
    if ((await choice.isChecked()) !== isOffline) await choice.click({ force: true });
    await expect(choice).toBeChecked({ checked: isOffline });
  }

  async now(): Promise<void> {
    await this.page.getByTestId('sync-now').click();
  }

  async logIn(password: string): Promise<void> {
    await this.page.getByTestId('login-password').fill(password);
    await this.page.getByTestId('login-submit').click();
  }
}
