import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { useCallback, useEffect, useRef, useState } from 'react';
import { errorCode } from '#shared/host/errors.ts';
import type { SessionFacts } from '#shared/host/ssh.ts';
import type { AssetState } from '#shared/domain/directory/state.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { actOnTicket } from '../../app/act.ts';
import { useDesk, type Desk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { useView, type DockTab } from '../../stores/view.ts';
import { currentConsent } from '#shared/domain/ticket/guards.ts';
import { presentInstant, presentMs } from '../../components/present-time.ts';
import { groundOf } from './access-ground.ts';
import type { Charset, ConnectWish } from './connect-form.tsx';
import type { HostKeyQuestion } from './host-key.ts';
import { keepRecording, type KeptRecording } from './keep-recording.ts';
import type { ScreenEnd, ScreenNotice } from './session-events.ts';

/** An emergency connection is covered for one shift; after that it needs a new reason. */
const EMERGENCY_HOURS = 8;
const FIRST_SIZE = { cols: 100, rows: 24 };

export interface ScreenPhase {
  readonly kind: 'screen';
  readonly session: SessionFacts;
  readonly charset: Charset;
  readonly state: 'open' | 'closed' | 'failed';
  readonly end?: ScreenEnd;
  readonly kept?: KeptRecording | { readonly kind: 'failed'; readonly thrown: unknown };
  /** Counts the screens this session had here: a new one is attached by a new number. */
  readonly turn: number;
}

export type Phase =
  | { readonly kind: 'form' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'hostKey'; readonly wish: ConnectWish; readonly question: HostKeyQuestion }
  /** The page was reloaded: the host is asked for the facts of the session. */
  | { readonly kind: 'restoring' }
  | ScreenPhase;

/** The life of one terminal tab, from the form to the recording that stands on the ticket. */
export function useSession(tab: DockTab, ticket: TicketState | undefined, asset: AssetState | undefined) {
  const desk = useDesk();
  const patchTab = useView((view) => view.patchTab);
  const sessionId = tab.params['sessionId'];
  const [phase, setPhase] = useState<Phase>({ kind: sessionId === undefined ? 'form' : 'restoring' });
  const [failure, setFailure] = useState<{ text: string; code: string | undefined }>();
  /** What was connected to last: the form starts from it. */
  const [lastWish, setLastWish] = useState<ConnectWish>();
  const [notices, setNotices] = useState<readonly ScreenNotice[]>([]);
  /** The try whose answer is still wanted: none after a cancel or when the tab is gone. */
  const attempt = useRef<symbol>(undefined);
  useEffect(
    () => () => {
      attempt.current = undefined;
    },
    [],
  );

  const fail = useCallback((thrown: unknown): void => {
    setFailure({ text: explainError(thrown), code: errorCode(thrown) });
    setPhase({ kind: 'form' });
  }, []);
  const patchScreen = useCallback((patch: Partial<ScreenPhase>): void => {
    setPhase((now) => (now.kind === 'screen' ? { ...now, ...patch } : now));
  }, []);

  const show = useCallback(
    (session: SessionFacts, charset: Charset): void => {
      patchTab(tab.id, { title: session.title, params: { sessionId: session.sessionId } });
      setNotices([]);
      setFailure(undefined);
      setPhase({ kind: 'screen', session, charset, state: 'open', turn: 0 });
    },
    [patchTab, tab.id],
  );

  const connect = async (wish: ConnectWish): Promise<void> => {
    const consent = ticket === undefined ? undefined : currentConsent(ticket, presentInstant());
    if (ticket === undefined || consent === undefined) return;
    const mine = Symbol('attempt');
    attempt.current = mine;
    setLastWish(wish);
    setFailure(undefined);
    setPhase({ kind: 'connecting' });
    try {
      const name = nameIn(i18next.language, asset);
      const answer = await desk.host.ssh.connect({
        ...wish,
        ...FIRST_SIZE,
        ticketId: tab.ticketId,
        title: (name === '' ? wish.host : name).slice(0, 200),
        ground: groundOf(consent),
      });
      const isWanted = attempt.current === mine;
      if (answer.kind === 'connected') {
        if (isWanted) show(answer.session, wish.charset);
        else await endQuietly(desk, answer.session);
      } else if (isWanted) setPhase({ kind: 'hostKey', wish, question: answer });
    } catch (thrown) {
      if (attempt.current === mine) fail(thrown);
    }
  };

  /** Trusts the key that was shown and connects. A replaced key is told to the ticket. */
  const trust = async (reason: string | undefined): Promise<void> => {
    if (phase.kind !== 'hostKey') return;
    const { wish, question } = phase;
    const { host, port } = wish;
    try {
      await desk.host.ssh.trustHostKey({
        host,
        port,
        key: question.hostKey.key,
        replace: question.kind === 'hostKeyChanged',
        trustedBy: desk.workspace.userName,
      });
      if (question.kind === 'hostKeyChanged' && reason !== undefined) {
        const before = question.known.map(({ fingerprint }) => fingerprint).join(', ');
        await actOnTicket(desk, tab.ticketId, {
          do: 'note',
          text: i18next.t('terminal.hostKey.replacedNote', {
            address: `${host}:${port}`,
            before,
            after: question.hostKey.fingerprint,
            reason,
          }),
        });
      }
    } catch (thrown) {
      fail(thrown);
      return;
    }
    await connect(wish);
  };

  const recordEmergency = async (host: string, reason: string): Promise<void> => {
    const until = new Date(presentMs() + EMERGENCY_HOURS * 3_600_000).toISOString();
    const systems = host || nameIn(i18next.language, asset) || '–';
    try {
      const decision = await actOnTicket(desk, tab.ticketId, {
        do: 'consent',
        data: { name: desk.workspace.userName, systems, until, emergency: true, reason },
      });
      setFailure(
        decision.ok ? undefined : { text: explainRefusal(decision.refusal), code: decision.refusal.code },
      );
    } catch (thrown) {
      fail(thrown);
    }
  };

  /** Makes the recording of an ended session evidence of the ticket, and says what came of it. */
  const keep = useCallback(
    async (session: SessionFacts): Promise<void> => {
      patchScreen({ kept: undefined });
      try {
        const ended = await desk.host.ssh.close({ sessionId: session.sessionId });
        patchScreen({ kept: await keepRecording(desk, ended), session: ended });
      } catch (thrown) {
        patchScreen({ kept: { kind: 'failed', thrown } });
      }
    },
    [desk, patchScreen],
  );

  const end = (reason: ScreenEnd): void => {
    if (phase.kind !== 'screen') return;
    patchScreen({ end: reason, state: reason.why === 'error' ? 'failed' : 'closed' });
    if (reason.why !== 'movedToAnotherScreen') void keep(phase.session);
  };

  const disconnect = async (): Promise<void> => {
    if (phase.kind !== 'screen') return;
    try {
      await desk.host.ssh.close({ sessionId: phase.session.sessionId });
    } catch (thrown) {
      setNotices((known) => [...known, { thrown }]);
    }
  };

  const setCharset = async (charset: Charset): Promise<void> => {
    if (phase.kind !== 'screen') return;
    try {
      await desk.host.ssh.setCharset({ sessionId: phase.session.sessionId, charset });
      patchScreen({ charset });
    } catch (thrown) {
      setNotices((known) => [...known, { thrown }]);
    }
  };

  useEffect(() => {
    if (sessionId === undefined || phase.kind !== 'restoring') return;
    let isMounted = true;
    const restore = async (): Promise<void> => {
      try {
        const session = (await desk.host.ssh.sessions({})).find((known) => known.sessionId === sessionId);
        if (!isMounted) return;
        // Which charset it was switched to is known to the host alone; the switch shows the usual one.
        if (session !== undefined) show(session, 'utf-8');
        else setPhase({ kind: 'form' });
      } catch (thrown) {
        if (isMounted) fail(thrown);
      }
    };
    void restore();
    return () => {
      isMounted = false;
    };
  }, [desk, sessionId, phase.kind, show, fail]);

  const live = phase.kind === 'screen' && phase.state === 'open' ? phase.session : undefined;
  useEffect(() => {
    if (live === undefined) return;
    return () => {
      // Gone from the dock, not only from the screen: whoever closes a terminal has finished with it.
      const isClosed = !useView.getState().tabs.some(({ id }) => id === tab.id);
      if (isClosed) void endQuietly(desk, live);
    };
  }, [desk, live, tab.id]);

  return {
    phase,
    failure,
    lastWish,
    notices,
    connect,
    trust,
    recordEmergency,
    keep,
    end,
    disconnect,
    setCharset,
    notice: (notice: ScreenNotice) => setNotices((known) => [...known.slice(-4), notice]),
    /** Back to the form; a connection that still comes is closed. */
    cancel: () => {
      attempt.current = undefined;
      setPhase({ kind: 'form' });
    },
    /** The form anew, after the session is over. */
    again: () => {
      patchTab(tab.id, { params: {} });
      setPhase({ kind: 'form' });
    },
    /** Takes a session back that another window had shown. */
    reattach: () =>
      setPhase((now) =>
        now.kind === 'screen' ? { ...now, state: 'open', end: undefined, turn: now.turn + 1 } : now,
      ),
  };
}

/** Ends a session nobody looks at any more and keeps its recording; a failure is told in a notice. */
async function endQuietly(desk: Desk, session: SessionFacts): Promise<void> {
  try {
    const kept = await keepRecording(desk, await desk.host.ssh.close({ sessionId: session.sessionId }));
    if (kept.kind === 'attached')
      notifications.show({ message: i18next.t('terminal.kept.attachedShort', { title: session.title }) });
    if (kept.kind === 'refused')
      notifications.show({
        color: 'orange',
        message: `${i18next.t('terminal.kept.refused')} ${explainRefusal(kept.refusal)}`,
      });
  } catch (thrown) {
    notifications.show({ color: 'orange', message: explainError(thrown) });
  }
}
