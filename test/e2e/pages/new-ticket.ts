import { expect, type Locator, type Page } from '@playwright/test';
import { entry } from './choice.ts';

/** What somebody at the service desk hears on the telephone. */
export interface Call {
  /** Parts of names, as one types them to find an entry of a list. */
  readonly customer: string;
  readonly site: string;
  readonly asset: string;
  readonly contact: string;
  readonly symptom: string;
  readonly environment: string;
  readonly assignee: string;
}

/** How fast an unhurried typist is: milliseconds a key. */
const KEY_MS = 45;

/** The form that takes a call, used by keyboard alone. */
export class NewTicket {
  readonly page: Page;
  readonly form: Locator;
  readonly grade: Locator;
  readonly problem: Locator;

  constructor(page: Page) {
    this.page = page;
    this.form = page.getByTestId('dialog-newTicket');
    this.grade = page.getByTestId('new-ticket-grade');
    this.problem = page.getByTestId('dialog-problem');
  }

  /**
   * From the key that opens the form to the key that saves it, without touching the mouse.
   * @returns milliseconds from the first key to the form being gone, which is when the ticket is saved.
   */
  async takeByKeyboard(call: Call): Promise<number> {
    const start = performance.now();
    await this.press('n');
    await expect(this.field('customer')).toBeFocused();
    await this.pick(call.customer);
    await expect(this.field('site')).toBeFocused();
    await this.pick(call.site);
    await expect(this.field('asset')).toBeFocused();
    await this.pick(call.asset);
    await expect(this.field('contact')).toBeFocused();
    await this.pick(call.contact);
    // The contact brings his number along, and the channel is the telephone already.
    await expect(this.field('phone')).toBeFocused();
    await this.press('Enter');
    await this.press('Enter');
    await expect(this.field('symptom')).toBeFocused();
    await this.type(call.symptom);
    await this.press('Enter');
    await this.type(call.environment);
    await this.press('Enter');
    // When it happened: now, which stands there.
    await expect(this.field('occurredAt')).toBeFocused();
    await this.press('Enter');
    // Impact and urgency are rows of radio buttons: from medium to high.
    await this.press('ArrowLeft');
    await this.press('Enter');
    await this.press('ArrowLeft');
    await expect(this.grade).toHaveAttribute('data-grade', 'P1');
    await this.press('Enter');
    await this.press('Enter');
    await expect(this.field('assignee')).toBeFocused();
    await this.pick(call.assignee);
    await this.press('Control+Enter');
    await expect(this.form).toBeHidden();
    return performance.now() - start;
  }

  field(name: string): Locator {
    return this.page.getByTestId(`new-ticket-${name}`);
  }

  private async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: KEY_MS });
  }

  private async press(key: string): Promise<void> {
    await this.page.keyboard.press(key, { delay: KEY_MS });
  }

  /** Types a part of a name and takes the first entry that is left. */
  private async pick(name: string): Promise<void> {
    await this.type(name);
    await expect(entry(this.page, name)).toBeVisible();
    await this.press('ArrowDown');
    await this.press('Enter');
  }
}
