import { expect, type Locator, type Page } from '@playwright/test';
import { entry } from './choice.ts';

export type AdminTab = 'users' | 'devices' | 'regions' | 'heldBack' | 'audit' | 'server';

const TABLES: Readonly<Record<AdminTab, string>> = {
  users: 'admin-users',
  devices: 'admin-devices',
  regions: 'admin-regions',
  heldBack: 'admin-held-back',
  audit: 'admin-audit',
  server: 'admin-server',
};

/** Accounts, laptops and regions, for those who answer for them. */
export class OfficeScreens {
  readonly page: Page;
  readonly trouble: Locator;
  readonly audit: Locator;
  readonly heldBack: Locator;

  constructor(page: Page) {
    this.page = page;
    this.trouble = page.getByTestId('admin-trouble');
    this.audit = page.getByTestId('admin-audit');
    this.heldBack = page.getByTestId('admin-held-back').locator('tbody tr');
  }

  async show(tab: AdminTab): Promise<void> {
    await this.page.getByTestId('admin-tabs').locator(`label[for$="-${tab}"]`).click();
    await expect(this.page.getByTestId(TABLES[tab])).toBeVisible();
  }

  user(id: string): Locator {
    return this.page.locator(`[data-testid=admin-user][data-user="${id}"]`);
  }

  device(code: string): Locator {
    return this.page.locator(`[data-testid=admin-device][data-code="${code}"]`);
  }

  async makeRegion(id: string, nameZh: string, nameEn: string): Promise<void> {
    await this.page.getByTestId('new-region').click();
    await this.#fillPlace(id, nameZh, nameEn);
    await this.#savePlace();
  }

  async makeTeam(id: string, nameZh: string, nameEn: string, region: RegExp): Promise<void> {
    await this.page.getByTestId('new-team').click();
    await this.#fillPlace(id, nameZh, nameEn);
    await this.page.getByTestId('team-region').click();
    await entry(this.page, region).click();
    await this.#savePlace();
  }

  /** Fills the form of a new account; saving is another act. */
  async fillUser(user: {
    id: string;
    name: string;
    password: string;
    region: RegExp;
    team?: RegExp;
  }): Promise<void> {
    const { page } = this;
    await page.getByTestId('admin-new-user').click();
    await page.getByTestId('user-id').fill(user.id);
    await page.getByTestId('user-name').fill(user.name);
    await page.getByTestId('user-password').fill(user.password);
    await page.getByTestId('user-region').click();
    await entry(page, user.region).click();
    if (user.team === undefined) return;
    await page.getByTestId('user-teams').click({ force: true });
    await entry(page, user.team).click();
    await page.keyboard.press('Escape');
  }

  /** Opens the choice of roles. @returns what can be chosen. */
  async rolesOffered(): Promise<Locator> {
    await this.page.getByTestId('user-roles').click({ force: true });
    return this.page.locator('[data-combobox-option]').filter({ visible: true });
  }

  async saveUser(): Promise<void> {
    await this.page.getByTestId('user-save').click();
  }

  /** Gives the reason that an act wants and does it. */
  async because(reason: string): Promise<void> {
    await this.page.getByTestId('admin-reason').fill(reason);
    await this.page.getByTestId('admin-submit').click();
    await expect(this.page.getByTestId('admin-reason')).toBeHidden();
  }

  async #fillPlace(id: string, nameZh: string, nameEn: string): Promise<void> {
    await this.page.getByTestId('region-id').fill(id);
    await this.page.getByTestId('region-name-zh').fill(nameZh);
    await this.page.getByTestId('region-name-en').fill(nameEn);
  }

  async #savePlace(): Promise<void> {
    await this.page.getByTestId('region-save').click();
    await expect(this.page.getByTestId('region-save')).toBeHidden();
  }
}
