import { expect, type Locator, type Page } from '@playwright/test';
import { entry } from './choice.ts';

export interface ChosenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A site: what stands there, its papers, and what one takes along when one goes there. */
export class Site {
  readonly page: Page;
  readonly view: Locator;
  readonly verdict: Locator;

  constructor(page: Page) {
    this.page = page;
    this.view = page.getByTestId('site-view');
    this.verdict = page.getByTestId('visit-verdict');
  }

  async open(name: string): Promise<void> {
    await this.page.getByTestId('site-open').filter({ hasText: name }).click();
    await expect(this.view).toBeVisible();
  }

  /** Opens the form that adds something of this kind. */
  async add(kind: 'contract' | 'contact' | 'asset' | 'document' | 'baseline'): Promise<void> {
    await this.page.getByTestId(`add-${kind}`).first().click();
    await expect(this.page.getByTestId('record-form')).toBeVisible();
  }

  async fillIn(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(fields))
      await this.page.getByTestId(`field-${name}`).fill(text);
  }

  async pick(name: string, words: RegExp): Promise<void> {
    await this.page.getByTestId(`field-${name}`).click();
    await entry(this.page, words).click();
  }

  async chooseFile(file: ChosenFile): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByTestId('field-file').click();
    await (await chooser).setFiles({ ...file });
  }

  async save(): Promise<void> {
    await this.page.getByTestId('record-save').click();
    await expect(this.page.getByTestId('record-form')).toBeHidden();
  }

  async prepareVisit(): Promise<void> {
    await this.page.getByTestId('prepare-visit').click();
    await expect(this.verdict).toBeVisible();
  }

  item(code: string): Locator {
    return this.page.locator(`[data-testid=visit-panel] [data-code="${code}"]`);
  }
}
