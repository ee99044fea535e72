import { Button, NativeSelect, Progress, Slider, Switch } from '@mantine/core';
import { Pause, Play, RotateCcw } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CastFormatError } from '#shared/domain/recording/cast-reader.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import type { DockTab } from '../../stores/view.ts';
import { formatDuration } from '../../components/format-duration.ts';
import { LinkDialog } from './link-dialog.tsx';
import { loadRecording, type LoadedRecording } from './load-recording.ts';
import { Player, type PlayerState } from './player.ts';
import { layOut } from './timeline.ts';
import { TerminalView } from './terminal-view.ts';
import { useTerminalSettings } from './terminal-settings.ts';
import classes from './terminal.module.css';

const SPEEDS = ['0.5', '1', '2', '4', '8', '16'];
/** Pauses are cut to this unless one wants them as they were. */
const SHORT_PAUSE_MS = 2000;
const STEP_MS = 5000;

/** Replays a recording (asciicast v3) of a ticket: `params.sha256`. Nothing it contains is answered or run. */
export function PlayerTab({ tab }: { tab: DockTab }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const sha256 = tab.params['sha256'] ?? '';
  const [progress, setProgress] = useState(0);
  const [failure, setFailure] = useState<string>();
  const [recording, setRecording] = useState<LoadedRecording>();

  useEffect(() => {
    const leaving = new AbortController();
    setRecording(undefined);
    setFailure(undefined);
    loadRecording(host, sha256, leaving.signal, setProgress).then(
      (loaded) => !leaving.signal.aborted && setRecording(loaded),
      (thrown: unknown) => {
        if (leaving.signal.aborted) return;
        setFailure(
          thrown instanceof CastFormatError
            ? t('terminal.player.damaged', { line: thrown.line })
            : explainError(thrown),
        );
      },
    );
    return () => leaving.abort();
  }, [host, sha256, t]);

  if (failure !== undefined) {
    return (
      <div className={classes.form} data-testid="player" data-state="failed">
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      </div>
    );
  }
  if (recording === undefined) {
    return (
      <div className={classes.form} data-testid="player" data-state="loading">
        <p className={classes.sentence}>
          {t('terminal.player.loading', { percent: Math.round(progress * 100) })}
        </p>
        <Progress
          value={progress * 100}
          aria-label={t('terminal.player.loading', { percent: Math.round(progress * 100) })}
        />
      </div>
    );
  }
  return <Replay recording={recording} />;
}

function Replay({ recording }: { recording: LoadedRecording }) {
  const { t } = useTranslation();
  const element = useRef<HTMLDivElement>(null);
  const player = useRef<Player>(undefined);
  const [state, setState] = useState<PlayerState>({ positionMs: 0, isPlaying: false });
  const [speed, setSpeed] = useState('1');
  const [isShortened, setIsShortened] = useState(true);
  const [link, setLink] = useState<string>();
  const timeline = useMemo(
    () => layOut(recording.events, isShortened ? SHORT_PAUSE_MS : Infinity),
    [recording, isShortened],
  );
  const first = useRef(timeline);

  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    const { renderer, screenReader, fontSize } = useTerminalSettings.getState();
    const view = new TerminalView(place, {
      renderer,
      screenReader,
      fontSize,
      isReadOnly: true,
      onLink: setLink,
    });
    const screen = {
      write: (data: string) => view.write(data),
      resize: (cols: number, rows: number) => view.term.resize(cols, rows),
      reset: () => view.term.reset(),
    };
    const made = new Player(screen, recording.header.term, first.current, setState);
    player.current = made;
    made.play();
    const themes = new MutationObserver(() => view.setTheme());
    themes.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    return () => {
      made.stop();
      player.current = undefined;
      themes.disconnect();
      view.dispose();
    };
  }, [recording]);

  useEffect(() => {
    if (first.current === timeline) return;
    first.current = timeline;
    player.current?.setTimeline(timeline);
  }, [timeline]);

  useEffect(() => {
    if (!state.isPlaying) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      player.current?.advance((now - last) * Number(speed));
      last = now;
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [state.isPlaying, speed]);

  const toggle = (): void => (state.isPlaying ? player.current?.pause() : player.current?.play());
  const isAtEnd = state.positionMs >= timeline.durationMs;
  return (
    <div
      className={classes.player}
      data-testid="player"
      data-state={state.isPlaying ? 'playing' : isAtEnd ? 'ended' : 'paused'}
      data-position-ms={Math.round(state.positionMs)}
      onKeyDown={(event) => {
        const isControl =
          event.target instanceof HTMLElement &&
          event.target.closest('button, input, select, [role=slider]') !== null;
        if (isControl) return;
        if (event.key === ' ') toggle();
        else if (event.key === 'ArrowLeft') player.current?.seek(state.positionMs - STEP_MS);
        else if (event.key === 'ArrowRight') player.current?.seek(state.positionMs + STEP_MS);
        else return;
        event.preventDefault();
      }}
    >
      {recording.isTorn && (
        <p className={classes.banner} data-tone="warning">
          {t('terminal.player.torn')}
        </p>
      )}
      <div
        className={classes.playerScreen}
        ref={element}
        data-testid="player-screen"
        role="region"
        aria-label={t('terminal.player.screen')}
        tabIndex={0}
      />
      <div className={classes.controls} role="group" aria-label={t('terminal.player.controls')}>
        <Button
          size="compact-sm"
          variant="default"
          data-testid="player-toggle"
          leftSection={
            state.isPlaying ? (
              <Pause size={14} aria-hidden />
            ) : isAtEnd ? (
              <RotateCcw size={14} aria-hidden />
            ) : (
              <Play size={14} aria-hidden />
            )
          }
          onClick={toggle}
        >
          {t(
            state.isPlaying
              ? 'terminal.player.pause'
              : isAtEnd
                ? 'terminal.player.again'
                : 'terminal.player.play',
          )}
        </Button>
        <Slider
          className={classes.seek}
          size="sm"
          thumbLabel={t('terminal.player.position')}
          label={(value) => formatDuration(value)}
          min={0}
          max={Math.max(1, timeline.durationMs)}
          step={100}
          value={state.positionMs}
          onChange={(value) => player.current?.seek(value)}
        />
        <span className={classes.time} data-testid="player-time">
          {formatDuration(state.positionMs)} / {formatDuration(timeline.durationMs)}
        </span>
        <NativeSelect
          size="xs"
          variant="unstyled"
          classNames={{ input: classes.statusSelect }}
          aria-label={t('terminal.player.speed')}
          value={speed}
          data-testid="player-speed"
          onChange={(event) => setSpeed(event.currentTarget.value)}
          data={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
        />
        <Switch
          size="xs"
          label={t('terminal.player.shortPauses')}
          checked={isShortened}
          onChange={(event) => setIsShortened(event.currentTarget.checked)}
        />
      </div>
      {link !== undefined && <LinkDialog url={link} onClose={() => setLink(undefined)} />}
    </div>
  );
}
