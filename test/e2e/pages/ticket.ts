import { expect, type Locator, type Page } from '@playwright/test';
import { entry } from './choice.ts';

/** The queue and the ticket that is open beside it. */
export class Ticket {
  readonly page: Page;
  readonly rows: Locator;
  readonly title: Locator;
  readonly number: Locator;
  readonly nextStep: Locator;
  readonly timeline: Locator;
  readonly problem: Locator;

  constructor(page: Page) {
    this.page = page;
    this.rows = page.getByTestId('ticket-row');
    this.title = page.getByTestId('ticket-title');
    this.number = page.getByTestId('ticket-number');
    this.nextStep = page.getByTestId('next-step');
    this.timeline = page.getByTestId('timeline-event');
    this.problem = page.getByTestId('dialog-problem');
  }

  row(number: string): Locator {
    return this.page.locator(`[data-testid=ticket-row][data-number="${number}"]`);
  }

  async view(name: 'mine' | 'all' | 'unassigned'): Promise<void> {
    await this.page.getByTestId(`queue-view-${name}`).click();
  }

  async open(number: string): Promise<void> {
    await this.row(number).click();
    await expect(this.number).toHaveText(number);
  }

  async stands(work: string): Promise<void> {
    await expect(this.page.getByTestId('work-state')).toHaveAttribute('data-work', work);
  }

  async promise(name: 'respond' | 'restore' | 'resolve', state: string): Promise<void> {
    await expect(this.page.getByTestId(`promise-${name}`)).toHaveAttribute('data-state', state);
  }

  /** Presses the one main button, expecting that it means this step. */
  async next(step: string): Promise<void> {
    await expect(this.nextStep).toHaveAttribute('data-step', step);
    await this.nextStep.click();
  }

  /** Something else that is possible now, from the menu of the ticket. */
  async more(command: string): Promise<void> {
    await this.page.getByTestId('more-acts').click();
    await this.page.getByTestId(`more-ticket.${command}`).click();
  }

  dialog(act: string): Locator {
    return this.page.getByTestId(`dialog-${act}`);
  }

  field(name: string): Locator {
    return this.page.getByTestId(`field-${name}`);
  }

  /** Saves the open form; it is gone when what it said is in the journal. */
  async submit(act: string): Promise<void> {
    await this.dialog(act).getByTestId('dialog-submit').click();
    await expect(this.dialog(act)).toBeHidden();
  }

  /** Fills the form that is open with texts and saves it. */
  async say(act: string, texts: Readonly<Record<string, string>>): Promise<void> {
    await expect(this.dialog(act)).toBeVisible();
    for (const [name, text] of Object.entries(texts)) await this.field(name).fill(text);
    await this.submit(act);
  }

  /** Chooses from a list by a part of the name. */
  async pick(name: string, words: string): Promise<void> {
    await this.field(name).click();
    await entry(this.page, words).click();
  }

  async note(text: string): Promise<void> {
    await this.page.getByTestId('note-input').fill(text);
    await this.page.getByTestId('note-save').click();
    await expect(this.page.getByTestId('note-input')).toHaveValue('');
  }

  /** Signs in the field with the mouse: a wave as somebody in a hurry draws it. */
  async sign(): Promise<void> {
    const canvas = this.field('signature');
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('There is nothing to sign on.');
    const { mouse } = this.page;
    await mouse.move(box.x + 30, box.y + box.height / 2);
    await mouse.down();
    for (let step = 1; step <= 24; step++) {
      const y = box.y + box.height / 2 + Math.sin(step / 2) * (box.height / 4);
      await mouse.move(box.x + 30 + step * 9, y, { steps: 2 });
    }
    await mouse.up();
  }

  /** How satisfied the customer was, 1 to 5. */
  async rate(stars: number): Promise<void> {
    await this.field('satisfaction')
      .getByRole('radio', { name: new RegExp(` ${stars}$`) })
      .press('Space');
  }

  /** What is still open of the checklist, by code. */
  lacking(code: string): Locator {
    return this.page.locator(`[data-testid=missing] [data-code="${code}"][data-done=false]`);
  }

  events(type: string): Locator {
    return this.page.locator(`[data-testid=timeline-event][data-type="${type}"]`);
  }

  evidence(kind: string): Locator {
    return this.page.getByRole('complementary').locator(`[data-testid=attachment][data-kind="${kind}"]`);
  }

  async openTool(kind: 'terminal' | 'log' | 'part' | 'document'): Promise<void> {
    await this.page.getByTestId(`tool-${kind}`).click();
  }

  /** The timeline as one reads it. A page says "me" of its own user: `me` is who that is. */
  async story(me: string): Promise<string[]> {
    const told = await this.timeline.allInnerTexts();
    return told.map((text) => text.replace(/我$/m, me));
  }
}
