import { ActionIcon } from '@mantine/core';
import { ChevronDown, X } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useView, type DockTab } from '../stores/view.ts';
import { Edge } from './edge.tsx';
import classes from './frame.module.css';

/** What each kind of tab shows. Loaded when first opened: xterm and the player are heavy. */
const panels = {
  terminal: lazy(() =>
    import('../features/terminal/terminal-tab.tsx').then((m) => ({ default: m.TerminalTab })),
  ),
  player: lazy(() => import('../features/terminal/player-tab.tsx').then((m) => ({ default: m.PlayerTab }))),
  log: lazy(() => import('../features/log/log-tab.tsx').then((m) => ({ default: m.LogTab }))),
  part: lazy(() => import('../features/part/swap-tab.tsx').then((m) => ({ default: m.SwapTab }))),
  document: lazy(() =>
    import('../features/document/document-tab.tsx').then((m) => ({ default: m.DocumentTab })),
  ),
} as const;

/** The tools. Every tab stays mounted, so that a terminal goes on while another ticket is looked at. */
export function Dock() {
  const { t } = useTranslation();
  const { tabs, tabId, isDockOpen, dockHeight, set, showTab, closeTab } = useView();
  if (tabs.length === 0) return null;
  return (
    <section
      className={classes.dock}
      aria-label={t('app.dock.label')}
      data-testid="dock"
      hidden={!isDockOpen}
      style={{ height: dockHeight }}
    >
      <Edge
        axis="y"
        label={t('app.resize.dock')}
        value={dockHeight}
        min={140}
        max={700}
        isReversed
        onChange={(next) => set({ dockHeight: next })}
      />
      <div className={classes.bar}>
        <div className={classes.tabs} role="tablist" aria-label={t('app.dock.label')}>
          {tabs.map((tab) => (
            <span
              key={tab.id}
              className={classes.tab}
              role="presentation"
              data-active={tab.id === tabId}
              data-kind={tab.kind}
              style={{ '--tab-colour': ticketColour(tab.ticketId) } as React.CSSProperties}
            >
              <button
                type="button"
                role="tab"
                id={`tab-${tab.id}`}
                aria-selected={tab.id === tabId}
                aria-controls={`panel-${tab.id}`}
                className={classes.tabName}
                data-testid={`tab-${tab.kind}`}
                onClick={() => showTab(tab.id)}
                onKeyDown={(event) => {
                  if (event.key === 'Delete') closeTab(tab.id);
                }}
              >
                <span className={classes.tabDot} aria-hidden />
                {tab.title}
              </button>
              {/* For the pointer only: a list of tabs holds nothing but tabs, and the Delete key closes one. */}
              <button
                type="button"
                className={classes.tabClose}
                aria-hidden
                tabIndex={-1}
                data-testid="tab-close"
                title={t('app.dock.closeTab', { name: tab.title })}
                onClick={() => closeTab(tab.id)}
              >
                <X size={13} />
              </button>
            </span>
          ))}
        </div>
        <span className={classes.dockEnd}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t('app.dock.hide')}
            onClick={() => set({ isDockOpen: false })}
          >
            <ChevronDown size={16} />
          </ActionIcon>
        </span>
      </div>
      <div className={classes.panel}>
        {tabs.map((tab) => (
          <div
            key={tab.id}
            id={`panel-${tab.id}`}
            className={classes.tabPanel}
            role="tabpanel"
            aria-labelledby={`tab-${tab.id}`}
            hidden={tab.id !== tabId}
          >
            <Suspense fallback={null}>
              <Panel tab={tab} />
            </Suspense>
          </div>
        ))}
      </div>
    </section>
  );
}

function Panel({ tab }: { tab: DockTab }) {
  const Kind = panels[tab.kind];
  return <Kind tab={tab} />;
}

/** The colour that says to which ticket a tool belongs: the same for all its tools, never the red of a breach. */
function ticketColour(ticketId: string): string {
  let hash = 0;
  for (const character of ticketId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 240;
  return `hsl(${60 + hash} 55% 48%)`;
}
