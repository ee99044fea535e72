import { useCallback, useEffect, useRef, useState } from 'react';
import type { SessionFacts } from '#shared/host/ssh.ts';
import { errorCode } from '#shared/host/errors.ts';
import { useDesk } from '../../app/desk.ts';
import { InputQueue } from './input-queue.ts';
import { LinkDialog } from './link-dialog.tsx';
import { PasteDialog } from './paste-dialog.tsx';
import { runsAtOnce, sanitisePaste } from './paste-guard.ts';
import { SearchBar } from './search-bar.tsx';
import { useTerminalSettings } from './terminal-settings.ts';
import { TerminalView } from './terminal-view.ts';
import type { ScreenEnd, ScreenNotice } from './session-events.ts';
import classes from './terminal.module.css';

/** While somebody drags an edge only the last size is sent. */
const RESIZE_SETTLE_MS = 80;
/** Handed to xterm before it has to catch up: enough to keep it busy, little enough for Ctrl+C to be quick. */
const AHEAD_BYTES = 64 * 1024;

interface Props {
  readonly tabId: string;
  readonly session: SessionFacts;
  readonly isOver: boolean;
  readonly onNotice: (notice: ScreenNotice) => void;
  /** The session ended, moved to another window, or cannot be reached. */
  readonly onEnd: (end: ScreenEnd) => void;
}

/** The screen of one open session. The session itself lives in the host and outlives this screen. */
export function TerminalScreen({ tabId, session, isOver, onNotice, onEnd }: Props) {
  const desk = useDesk();
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<TerminalView>();
  const [paste, setPaste] = useState<string>();
  const [link, setLink] = useState<string>();
  const { renderer, screenReader, fontSize, searchTabId, set } = useTerminalSettings();
  const { sessionId } = session;
  const told = useRef({ onNotice, onEnd });
  useEffect(() => {
    told.current = { onNotice, onEnd };
  });

  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    const look = useTerminalSettings.getState();
    const made = new TerminalView(place, {
      renderer: look.renderer,
      screenReader: look.screenReader,
      fontSize: look.fontSize,
      onLink: setLink,
    });
    const leaving = new AbortController();
    const fail = (thrown: unknown): void => {
      // The end of the session is told by its stream; a key typed after it says nothing new.
      if (!leaving.signal.aborted && errorCode(thrown) !== 'ssh.lost') told.current.onNotice({ thrown });
    };
    const input = new InputQueue((data) => desk.host.ssh.write({ sessionId, data }), fail);
    let isReplaying = false;
    // xterm answers questions it finds in old output too: those answers are not for the device of today.
    made.term.onData((text) => {
      if (!isReplaying) input.push(text);
    });
    made.term.attachCustomKeyEventHandler((event) => !isForPage(event, made));

    let ahead = 0;
    /** Resolves when the screen can take more; until then no credit goes back, and the device waits. */
    const draw = async (data: Uint8Array): Promise<void> => {
      ahead += data.length;
      const drawn = made.write(data).then(() => (ahead -= data.length));
      if (ahead >= AHEAD_BYTES) await drawn;
    };
    const follow = async (): Promise<void> => {
      for (;;) {
        try {
          for await (const item of desk.host.ssh.output({ sessionId }, { signal: leaving.signal })) {
            if (item.kind === 'output') await draw(item.data);
            else if (item.kind === 'notice')
              told.current.onNotice({ code: item.code, message: item.message });
            else if (item.kind === 'ended') told.current.onEnd(item.reason);
            else {
              isReplaying = true;
              await made.write(item.data);
              isReplaying = false;
            }
          }
          return;
        } catch (thrown) {
          if (leaving.signal.aborted) return;
          if (errorCode(thrown) !== 'host.unavailable') {
            told.current.onEnd({ why: 'error', thrown });
            return;
          }
          // The way to the host was cut, the session was not: the next try waits for the host and gets a replay.
          made.term.reset();
        }
      }
    };
    void follow();

    let timer: ReturnType<typeof setTimeout> | undefined;
    let sent: { cols: number; rows: number } | undefined;
    const sendSize = (): void => {
      const { cols, rows } = made.term;
      if (leaving.signal.aborted || (sent?.cols === cols && sent.rows === rows)) return;
      sent = { cols, rows };
      desk.host.ssh.resize({ sessionId, cols, rows }).catch(fail);
    };
    const fit = (): void => {
      if (made.fit() === undefined && sent !== undefined) return;
      clearTimeout(timer);
      timer = setTimeout(sendSize, RESIZE_SETTLE_MS);
    };
    const observer = new ResizeObserver(() => requestAnimationFrame(fit));
    observer.observe(place);
    const themes = new MutationObserver(() => made.setTheme());
    themes.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    // Glyphs measured before the web font came are of another width.
    const fitLater = async (): Promise<void> => {
      await document.fonts.ready;
      if (!leaving.signal.aborted) fit();
    };
    void fitLater();
    made.term.focus();
    setView(made);
    return () => {
      leaving.abort();
      clearTimeout(timer);
      observer.disconnect();
      themes.disconnect();
      setView(undefined);
      made.dispose();
    };
  }, [desk, sessionId]);

  useEffect(() => {
    view?.setLook({ renderer, screenReader, fontSize });
    view?.fit();
  }, [view, renderer, screenReader, fontSize]);
  useEffect(() => {
    view?.setReadOnly(isOver);
  }, [view, isOver]);

  const send = useCallback(
    (text: string | undefined) => {
      setPaste(undefined);
      if (text !== undefined) view?.term.paste(text);
      // The dialog gives the focus back to what had it, which was the terminal; this is for a closed one.
      requestAnimationFrame(() => view?.term.focus());
    },
    [view],
  );

  const takePaste = (event: React.ClipboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    if (isOver) return;
    const text = sanitisePaste(event.clipboardData.getData('text/plain'));
    if (text === '') return;
    if (runsAtOnce(text)) setPaste(text);
    else view?.term.paste(text);
  };

  return (
    <div className={classes.screenArea} onPasteCapture={takePaste}>
      {view !== undefined && searchTabId === tabId && (
        <SearchBar
          view={view}
          onClose={() => {
            set({ searchTabId: undefined });
            view.term.focus();
          }}
        />
      )}
      <div ref={element} className={classes.screen} data-testid="terminal-screen" />
      {paste !== undefined && <PasteDialog text={paste} onSend={send} onCancel={() => send(undefined)} />}
      {link !== undefined && <LinkDialog url={link} onClose={() => setLink(undefined)} />}
    </div>
  );
}

/** Copy and paste are the page's; xterm must not turn them into control characters. All else is the device's. */
function isForPage(event: KeyboardEvent, view: TerminalView): boolean {
  if (event.type !== 'keydown' || !event.shiftKey || !(event.ctrlKey || event.metaKey)) return false;
  if (event.key.toLowerCase() === 'c') {
    event.preventDefault();
    const selected = view.term.getSelection();
    if (selected !== '')
      void navigator.clipboard.writeText(selected).catch(() => document.execCommand('copy'));
  }
  return true;
}
