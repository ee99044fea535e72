import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf } from '#shared/domain/ticket/state.ts';
import { useEntity } from '../../app/use-live.ts';
import type { DockTab } from '../../stores/view.ts';
import { useNow } from '../../components/use-now.ts';
import { ConnectForm } from './connect-form.tsx';
import { HostKeyCard } from './host-key-card.tsx';
import { SessionBanner } from './session-banner.tsx';
import { SessionStatus } from './session-status.tsx';
import { TerminalScreen } from './terminal-screen.tsx';
import { useSession } from './use-session.ts';
import classes from './terminal.module.css';

/**
 * A terminal of a ticket: the form, the question about the host key, then the screen of the session. The
 * session runs in the host; closing the tab ends it, hiding the tab does not.
 */
export function TerminalTab({ tab }: { tab: DockTab }) {
  const { t } = useTranslation();
  const ticket = useEntity('ticket', tab.ticketId);
  const asset = useEntity('asset', ticket === undefined ? undefined : fieldOf(ticket, 'assetId'));
  const now = new Date(useNow(10_000)).toISOString();
  const use = useSession(tab, ticket, asset);
  const root = useRef<HTMLDivElement>(null);
  const { phase } = use;

  useEffect(() => {
    // The question about a key takes the focus to its safe answer, wherever it was.
    if (phase.kind === 'hostKey') root.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
  }, [phase.kind]);

  const state =
    phase.kind === 'screen' ? phase.state : phase.kind === 'restoring' ? 'connecting' : phase.kind;
  return (
    <div
      ref={root}
      className={classes.tab}
      data-testid="terminal"
      data-session-state={state}
      data-session-id={phase.kind === 'screen' ? phase.session.sessionId : undefined}
      data-kind={phase.kind === 'screen' ? 'screen' : 'form'}
    >
      {(phase.kind === 'form' || phase.kind === 'connecting' || phase.kind === 'hostKey') &&
        ticket !== undefined && (
          // Kept while the host key is asked about, so that nothing typed is lost.
          <div hidden={phase.kind === 'hostKey'}>
            <ConnectForm
              ticket={ticket}
              asset={asset}
              now={now}
              start={use.lastWish}
              isConnecting={phase.kind === 'connecting'}
              failure={use.failure?.text}
              offersLegacy={use.failure?.code === 'ssh.noCommonAlgorithm'}
              onConnect={(wish) => void use.connect(wish)}
              onCancel={use.cancel}
              onEmergency={use.recordEmergency}
            />
          </div>
        )}
      {phase.kind === 'restoring' && <p className={classes.empty}>{t('terminal.restoring')}</p>}
      {phase.kind === 'hostKey' && (
        <div className={classes.form}>
          <HostKeyCard
            host={phase.wish.host}
            port={phase.wish.port}
            offered={phase.question.hostKey}
            known={phase.question.kind === 'hostKeyChanged' ? phase.question.known : []}
            onTrust={(reason) => void use.trust(reason)}
            onCancel={use.cancel}
          />
        </div>
      )}
      {phase.kind === 'screen' && (
        <>
          <SessionBanner
            tab={tab}
            phase={phase}
            notices={use.notices}
            onReconnect={use.again}
            onReattach={use.reattach}
            onKeep={() => void use.keep(phase.session)}
          />
          <TerminalScreen
            key={`${phase.session.sessionId}/${phase.turn}`}
            tabId={tab.id}
            session={phase.session}
            isOver={phase.state !== 'open'}
            onNotice={use.notice}
            onEnd={use.end}
          />
          <SessionStatus
            tabId={tab.id}
            session={phase.session}
            charset={phase.charset}
            isOver={phase.state !== 'open'}
            onCharset={(charset) => void use.setCharset(charset)}
            onDisconnect={() => void use.disconnect()}
          />
        </>
      )}
    </div>
  );
}
