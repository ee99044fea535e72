import type { DockTab } from '../../stores/view.ts';

/** A log of a ticket. */
export function LogTab({ tab }: { tab: DockTab }) {
  return <div data-testid="log-viewer">{tab.title}</div>;
}
