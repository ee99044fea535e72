import type { DockTab } from '../../stores/view.ts';

/** A terminal of a ticket. */
export function TerminalTab({ tab }: { tab: DockTab }) {
  return <div data-testid="terminal" data-session-state="connecting">{tab.title}</div>;
}
