import { notifications } from '@mantine/notifications';
import { Button, NativeSelect, Switch } from '@mantine/core';
import { Paperclip } from 'lucide-react';
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PAGE_LINES } from '#shared/host/logs.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import { formatSize } from '../../components/format-size.ts';
import { attachExcerpt } from './attach-excerpt.ts';
import type { LineSource, LogEncodingName, LogLine } from './line-source.ts';
import { LogHits } from './log-hits.tsx';
import { LogList } from './log-list.tsx';
import { LogSearchBar } from './log-search-bar.tsx';
import { useLogUi } from './log-ui.ts';
import { addMarks, toggleMark, type Marks } from './marks.ts';
import { useLogView } from './use-log-view.ts';
import { useSearch } from './use-search.ts';
import classes from './log.module.css';

/** Pages through a log of any size, searches it, and makes marked lines evidence of the ticket. */
export function LogViewer({
  source,
  tabId,
  ticketId,
  isFollowed,
}: {
  source: LineSource;
  tabId: string;
  ticketId: string;
  isFollowed: boolean;
}) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const listId = useId();
  const [isFollowing, setIsFollowing] = useState(isFollowed);
  const { view, snapshot, notices } = useLogView(source, isFollowing);
  const [marks, setMarks] = useState<Marks>(new Map());
  const anchor = useRef<number>(undefined);
  const [encoding, setEncoding] = useState(source.encoding);
  const [isAttaching, setIsAttaching] = useState(false);
  const search = useSearch(source, (hit) => {
    setIsFollowing(false);
    view.toPosition({ byteOffset: hit.byteOffset }, 'middle');
  });
  const asked = useLogUi((state) => state.searchAsked[tabId] ?? 0);
  const hitsByOffset = useMemo(
    () => new Map(search.state.hits.map((hit) => [hit.byteOffset, hit.ranges])),
    [search.state.hits],
  );

  // Positions of a text that was replaced mean nothing any more.
  const { generation } = snapshot.source;
  const { clear } = search;
  useEffect(() => {
    setMarks(new Map());
    clear();
  }, [generation, clear]);

  const say = useCallback(
    (thrown: unknown) => notifications.show({ color: 'orange', message: explainError(thrown) }),
    [],
  );

  const mark = async (line: LogLine, extend: boolean): Promise<void> => {
    const from = anchor.current;
    if (!extend || from === undefined) {
      anchor.current = line.byteOffset;
      setMarks((before) => toggleMark(before, line));
      return;
    }
    try {
      const lines = await linesBetween(
        source,
        view.loaded,
        Math.min(from, line.byteOffset),
        Math.max(from, line.byteOffset),
      );
      setMarks((before) => addMarks(before, lines));
      if (lines.length === PAGE_LINES)
        notifications.show({ color: 'orange', message: t('log.mark.most', { count: PAGE_LINES }) });
    } catch (thrown) {
      say(thrown);
    }
  };

  const attach = async (): Promise<void> => {
    setIsAttaching(true);
    try {
      const refusal = await attachExcerpt(desk, ticketId, source, marks, search.state.query?.pattern);
      if (refusal === undefined) {
        notifications.show({ message: t('log.attached', { count: marks.size, name: source.name }) });
        setMarks(new Map());
      } else notifications.show({ color: 'orange', message: explainRefusal(refusal) });
    } catch (thrown) {
      say(thrown);
    } finally {
      setIsAttaching(false);
    }
  };

  const changeEncoding = async (next: LogEncodingName): Promise<void> => {
    try {
      await source.setEncoding(next);
      setEncoding(next);
    } catch (thrown) {
      say(thrown);
    }
  };

  const covered = snapshot.source.size === 0 ? 1 : snapshot.source.coveredBytes / snapshot.source.size;
  const hasPanel = search.state.hits.length > 0;
  return (
    <div
      className={classes.viewer}
      data-testid="log-viewer"
      data-state={snapshot.isReady ? 'ready' : 'loading'}
      data-at-end={snapshot.isAtEnd}
      data-indexed={covered >= 1}
    >
      <div className={classes.toolbar}>
        <LogSearchBar
          search={search.state}
          isRegex={source.searchesRegex}
          asked={asked}
          onStart={(query) => void search.start(query)}
          onGo={search.go}
          onCancel={search.cancel}
          onClear={search.clear}
        />
        <span className={classes.toolbarEnd}>
          <Switch
            size="xs"
            label={t('log.follow')}
            checked={isFollowing}
            data-testid="log-follow"
            onChange={(event) => {
              setIsFollowing(event.currentTarget.checked);
              if (event.currentTarget.checked) view.toEnd();
            }}
          />
          <NativeSelect
            size="xs"
            aria-label={t('log.encoding')}
            value={encoding}
            data-testid="log-encoding"
            onChange={(event) => void changeEncoding(event.currentTarget.value as LogEncodingName)}
            data={[...source.encodings]}
          />
          <Button
            size="xs"
            leftSection={<Paperclip size={14} aria-hidden />}
            disabled={marks.size === 0}
            loading={isAttaching}
            data-testid="log-attach"
            onClick={() => void attach()}
          >
            {marks.size === 0 ? t('log.mark.none') : t('log.attach', { count: marks.size })}
          </Button>
        </span>
      </div>
      {notices.map((notice) => (
        <p key={notice} role="status" className={classes.notice}>
          {notice}
        </p>
      ))}
      {snapshot.failure !== undefined && (
        <p role="alert" className={classes.notice}>
          {explainError(snapshot.failure)}{' '}
          <Button size="compact-xs" variant="default" onClick={() => view.retry()}>
            {t('app.retry')}
          </Button>
        </p>
      )}
      <div className={classes.body} data-panel={hasPanel}>
        <LogList
          id={listId}
          view={view}
          snapshot={snapshot}
          marks={marks}
          hits={hitsByOffset}
          onMark={(line, extend) => void mark(line, extend)}
          onLeaveEnd={() => setIsFollowing(false)}
        />
        {hasPanel && <LogHits search={search.state} onGo={search.go} />}
      </div>
      <div className={classes.status} data-testid="log-status">
        <span>{formatSize(snapshot.source.size - snapshot.source.start, i18n.language)}</span>
        {covered >= 1 && snapshot.isByLine ? (
          <span>
            {t('log.status.lines', {
              count: snapshot.source.lines,
              shown: snapshot.source.lines.toLocaleString(),
            })}
          </span>
        ) : (
          source.searchesRegex && (
            <span>{t('log.status.counting', { percent: Math.floor(covered * 100) })}</span>
          )
        )}
        {marks.size > 0 && <span>{t('log.status.marked', { count: marks.size })}</span>}
        <span className={classes.statusHint}>{t('log.status.keys')}</span>
      </div>
    </div>
  );
}

/** The lines from one to the other, both named by their first byte; at most one page. */
async function linesBetween(
  source: LineSource,
  loaded: readonly LogLine[],
  from: number,
  to: number,
): Promise<LogLine[]> {
  const isLoaded =
    loaded.some(({ byteOffset }) => byteOffset === from) &&
    loaded.some(({ byteOffset }) => byteOffset === to);
  const lines = isLoaded ? loaded : (await source.lines({ byteOffset: from }, 'forward', PAGE_LINES)).lines;
  return lines.filter(({ byteOffset }) => byteOffset >= from && byteOffset <= to).slice(0, PAGE_LINES);
}
