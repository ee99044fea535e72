import type { ViewState } from '../stores/view.ts';

/** The id of the queue's search field. */
export const SEARCH_FIELD_ID = 'queue-search';

/** Shows the queue and puts the cursor into its search field. */
export function focusSearch(view: ViewState): void {
  view.go('tickets');
  view.set({ isQueueOpen: true });
  requestAnimationFrame(() => {
    const field = document.getElementById(SEARCH_FIELD_ID);
    field?.focus();
    if (field instanceof HTMLInputElement) field.select();
  });
}
