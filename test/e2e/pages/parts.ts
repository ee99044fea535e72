import { expect, type Locator, type Page } from '@playwright/test';
import { choose, entry } from './choice.ts';

/** Swapping a unit in the dock, and the page that says where every unit is. */
export class Parts {
  readonly page: Page;
  readonly refusal: Locator;
  readonly units: Locator;

  constructor(page: Page) {
    this.page = page;
    this.refusal = page.getByTestId('swap-refusal');
    this.units = page.getByTestId('unit-row');
  }

  /** Slot and new serial as typed; the faulty serial is what the installed base says. */
  async fillSwap(swap: { slot: string; good: string; fault?: string }): Promise<void> {
    const slot = this.page.getByTestId('swap-slot');
    await slot.click();
    await slot.fill(swap.slot);
    await entry(this.page, swap.slot).click();
    await this.page.getByTestId('swap-good').fill(swap.good);
    if (swap.fault !== undefined) await this.page.getByTestId('swap-fault').fill(swap.fault);
  }

  async swap(): Promise<void> {
    await this.page.getByTestId('swap-submit').click();
  }

  /** The form is empty again when the swap is in the journal. */
  async isSwapped(): Promise<void> {
    await expect(this.page.getByTestId('swap-good')).toHaveValue('');
  }

  async show(what: 'kit' | 'depot' | 'installed' | 'rma' | 'exceptions'): Promise<void> {
    await choose(this.page.getByTestId('parts-page'), what);
  }

  unit(serial: string): Locator {
    return this.page.locator(`[data-testid=unit-row][data-serial="${serial}"]`);
  }

  rma(serial: string): Locator {
    return this.page.locator(`[data-testid=rma-row][data-serial="${serial}"]`);
  }
}
