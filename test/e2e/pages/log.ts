import { expect, type Locator, type Page } from '@playwright/test';
import { choose } from './choice.ts';

/** A log in the dock. */
export class Log {
  readonly page: Page;
  readonly root: Locator;
  readonly form: Locator;
  readonly failure: Locator;
  readonly viewer: Locator;
  readonly lines: Locator;
  readonly hits: Locator;
  readonly hitCount: Locator;

  constructor(page: Page) {
    this.page = page;
    this.root = page.getByTestId('dock').getByRole('tabpanel').filter({ visible: true });
    this.form = this.root.getByTestId('log-form');
    this.failure = this.root.getByTestId('log-failure');
    this.viewer = this.root.getByTestId('log-viewer');
    this.lines = this.root.getByTestId('log-line');
    this.hits = this.root.getByTestId('log-hit');
    this.hitCount = this.root.getByTestId('log-search-count');
  }

  async open(path: string): Promise<void> {
    await this.form.getByTestId('log-path').fill(path);
    await this.form.getByTestId('log-open').click();
  }

  /** Follows a file on the device over the connection that is open. */
  async follow(path: string): Promise<void> {
    await choose(this.form, 'remote');
    await this.form.getByTestId('log-remote-path').fill(path);
    await this.form.getByTestId('log-tail').click();
  }

  async isReady(): Promise<void> {
    await expect(this.viewer).toHaveAttribute('data-state', 'ready', { timeout: 20_000 });
  }

  async toEnd(): Promise<void> {
    await this.root.getByTestId('log-list').press('End');
    await expect(this.viewer).toHaveAttribute('data-at-end', 'true');
  }

  async search(pattern: string): Promise<void> {
    await this.root.getByTestId('log-search').fill(pattern);
    await this.root.getByTestId('log-search').press('Enter');
    await expect(this.hitCount).toHaveAttribute('data-running', 'false', { timeout: 60_000 });
  }

  line(text: string): Locator {
    return this.lines.filter({ hasText: text }).first();
  }

  /** Marks this line by its number and the nine below it from the keyboard. */
  async markTen(first: Locator): Promise<void> {
    await first.getByTestId('log-mark').click();
    for (let more = 1; more < 10; more++) await this.page.keyboard.press('Shift+ArrowDown');
    await expect(this.root.getByTestId('log-status')).toContainText('10');
  }

  async attach(): Promise<void> {
    await this.root.getByTestId('log-attach').click();
    await expect(this.root.getByTestId('log-attach')).toBeDisabled();
  }
}
