import { expect, type Locator, type Page } from '@playwright/test';

/** The first start: language, then the demo workspace or a server. */
export class FirstStart {
  readonly page: Page;
  readonly trouble: Locator;

  constructor(page: Page) {
    this.page = page;
    this.trouble = page.getByTestId('start-trouble');
  }

  async isShown(): Promise<void> {
    await expect(this.page.locator('html')).toHaveAttribute('data-app-state', 'start', { timeout: 30_000 });
    await expect(this.page.getByTestId('first-start')).toBeVisible();
  }

  async choose(language: 'zh-CN' | 'en'): Promise<void> {
    await this.page
      .getByTestId('language')
      .getByText(language === 'en' ? 'English' : '中文', { exact: true })
      .click();
    await expect(this.page.locator('html')).toHaveAttribute('lang', language);
  }

  async connect(url: string, user: string, password = 'demo'): Promise<void> {
    await this.page.getByTestId('server-url').fill(url);
    await this.page.getByTestId('server-user').fill(user);
    await this.page.getByTestId('server-password').fill(password);
    await this.page.getByTestId('start-server').click();
  }
}
