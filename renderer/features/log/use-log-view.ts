import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explainError } from '../../app/explain.ts';
import type { LineSource } from './line-source.ts';
import { LogView } from './log-view.ts';
import type { ViewSnapshot } from './view-snapshot.ts';

/** Notices on the screen at most; the newest stay. */
const NOTICES = 3;

/** The view of a source, its present snapshot, and what happened to the log in words. */
export function useLogView(
  source: LineSource,
  isFollowing: boolean,
): { view: LogView; snapshot: ViewSnapshot; notices: readonly string[] } {
  const { t } = useTranslation();
  const [, draw] = useState(0);
  const [notices, setNotices] = useState<readonly string[]>([]);
  const following = useRef(isFollowing);
  useEffect(() => {
    following.current = isFollowing;
  });
  // Drawn once a frame, however often the view changes in between.
  const view = useMemo(
    () =>
      new LogView(
        source,
        oncePerFrame(() => draw((count) => count + 1)),
      ),
    [source],
  );

  useEffect(() => {
    const say = (notice: string): void =>
      setNotices((before) => [...before.filter((known) => known !== notice), notice].slice(-NOTICES));
    if (following.current) view.toEnd();
    else view.toStart();
    return source.onEvent((event) => {
      if (event.kind === 'changed') view.sourceChanged(following.current);
      else if (event.kind === 'replaced') {
        view.sourceReplaced(following.current);
        if (event.why !== 'encoding') say(t(`log.event.${event.why}`));
      } else if (event.kind === 'notice') say(t(`log.event.${event.notice}`));
      else if (event.kind === 'said') say(event.message);
      else say(explainError(event.thrown));
    });
  }, [source, view, t]);
  return { view, snapshot: view.snapshot, notices };
}

/** Does something in the next frame, once for all the times it was asked for until then. */
function oncePerFrame(action: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      action();
    });
  };
}
