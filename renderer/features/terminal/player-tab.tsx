import type { DockTab } from '../../stores/view.ts';

/** Replays a recording. */
export function PlayerTab({ tab }: { tab: DockTab }) {
  return <div data-testid="player">{tab.title}</div>;
}
