import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';
import { choose } from './choice.ts';

/** The papers of a ticket in the dock. */
export class Documents {
  readonly page: Page;
  readonly rows: Locator;

  constructor(page: Page) {
    this.page = page;
    this.rows = page.getByTestId('document-row');
  }

  /** Makes the service record. @returns its hash, when it stands on the ticket. */
  async make(language: 'zh-CN' | 'en' | 'both'): Promise<string> {
    const before = await this.rows.count();
    await choose(this.page.getByTestId('document-language'), language);
    await this.page.getByTestId('document-make').click();
    await expect(this.rows).toHaveCount(before + 1, { timeout: 30_000 });
    // The newest stands first.
    const hash = await this.rows.first().getAttribute('data-sha256');
    if (hash === null) throw new Error('The document names no hash.');
    return hash;
  }

  /** Saves a document from the page, as a person would. @returns its bytes. */
  async download(sha256: string): Promise<Buffer> {
    const row = this.page.locator(`[data-testid=document-row][data-sha256="${sha256}"]`);
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      row.getByRole('button').click(),
    ]);
    return readFile(await download.path());
  }
}
