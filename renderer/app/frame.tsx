import { Building2, CloudOff, ListTodo, MapPin, Package, Settings } from 'lucide-react';
import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { mayAdminister } from '#shared/domain/rights/administer.ts';
import { AdminPage } from '../features/admin/index.ts';
import { PartsPage } from '../features/part/parts-page.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';
import { SitesPage } from '../features/site/sites-page.tsx';
import { StatusBar } from '../features/sync/status-bar.tsx';
import { SyncPage } from '../features/sync/sync-page.tsx';
import { useSyncStatus } from '../features/sync/use-sync-status.ts';
import { reattachSessions } from '../features/terminal/reattach-sessions.ts';
import { TicketDialogs } from '../features/ticket/dialogs.tsx';
import { Queue } from '../features/ticket/queue.tsx';
import { TicketPage } from '../features/ticket/ticket-page.tsx';
import { useView, type Section } from '../stores/view.ts';
import { commands } from './command-list.ts';
import { useConnectionState } from './connection-state.ts';
import { subjectOf, useDesk, type Desk } from './desk.ts';
import { Dock } from './dock.tsx';
import { Edge } from './edge.tsx';
import classes from './frame.module.css';
import { Help } from './help.tsx';
import { Palette } from './palette.tsx';
import { tellTrouble } from './tell-trouble.ts';
import { useCommandKeys } from './use-command-keys.ts';
import { useEntity } from './use-live.ts';
import { useShellMessages } from './use-shell-messages.ts';

const RAIL: ReadonlyArray<{ section: Section; Icon: typeof ListTodo }> = [
  { section: 'tickets', Icon: ListTodo },
  { section: 'parts', Icon: Package },
  { section: 'sites', Icon: MapPin },
  { section: 'sync', Icon: CloudOff },
  { section: 'admin', Icon: Building2 },
  { section: 'settings', Icon: Settings },
];

/** Rail, queue, ticket, dock and status bar. */
export function Frame({ notice }: { notice: string | undefined }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const view = useView();
  const ticket = useEntity('ticket', view.ticketId);
  const status = useSyncStatus();
  const context = { desk, view, ticket };
  const rail = RAIL.filter(({ section }) => section !== 'admin' || isOffice(desk));
  useCommandKeys(commands, context);
  useShellMessages(commands, context);
  const hostState = useConnectionState((state) => state.host);
  const reattach = useEffectEvent(() => {
    reattachSessions(desk).catch(tellTrouble);
  });
  // With each connection: a host that was started again has recordings that nobody claimed.
  useEffect(() => {
    if (hostState === 'open') reattach();
  }, [hostState]);

  return (
    <div className={classes.frame}>
      <nav className={classes.rail} aria-label={t('app.rail.label')}>
        {rail.map(({ section, Icon }) => (
          <button
            key={section}
            type="button"
            className={classes.railButton}
            aria-current={view.section === section ? 'page' : undefined}
            data-testid={`rail-${section}`}
            onClick={() => view.go(section)}
          >
            <Icon size={18} strokeWidth={1.6} aria-hidden />
            {t(`app.rail.${section}`)}
            {section === 'sync' && status !== undefined && status.refused > 0 && (
              <span className={classes.badge}>{status.refused}</span>
            )}
          </button>
        ))}
      </nav>
      {notice !== undefined && (
        <div className={classes.banner} role="status" data-testid="notice">
          {notice}
        </div>
      )}
      {view.section === 'tickets' && view.isQueueOpen ? (
        <aside className={classes.queue} style={{ width: view.queueWidth }} data-testid="queue">
          <Queue />
          <Edge
            axis="x"
            label={t('app.resize.queue')}
            value={view.queueWidth}
            min={260}
            max={640}
            onChange={(queueWidth) => view.set({ queueWidth })}
          />
        </aside>
      ) : (
        <span className={classes.gap} />
      )}
      <main className={classes.main}>
        <div className={classes.content}>
          {view.section === 'tickets' && <TicketPage />}
          {view.section === 'parts' && <PartsPage />}
          {view.section === 'sites' && <SitesPage />}
          {view.section === 'sync' && <SyncPage />}
          {view.section === 'admin' && <AdminPage />}
          {view.section === 'settings' && <SettingsPage />}
        </div>
        <Dock />
      </main>
      <div className={classes.status}>
        <StatusBar />
      </div>
      <TicketDialogs />
      {view.dialog?.kind === 'palette' && <Palette commands={commands} context={context} />}
      {view.dialog?.kind === 'help' && <Help commands={commands} />}
    </div>
  );
}

/** Whether the user looks after accounts on a server: the screens of the office are for him. */
function isOffice({ workspace }: Desk): boolean {
  return workspace.kind === 'server' && mayAdminister(subjectOf(workspace), 'users');
}
