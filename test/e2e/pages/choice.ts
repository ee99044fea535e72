import type { Locator, Page } from '@playwright/test';

/** Chooses one of a row of options that stand side by side, by its value. */
export async function choose(row: Locator, value: string): Promise<void> {
  await row.locator(`label[for$="-${value}"]`).click();
}

/** An entry of the list that a field has opened; rows of the queue are options too, and are not meant. */
export function entry(page: Page, words: string | RegExp): Locator {
  return page.locator('[data-combobox-option]').filter({ hasText: words, visible: true }).first();
}
