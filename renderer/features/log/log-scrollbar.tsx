import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { firstAt, thumbFor, type ScrollPlace } from './scroll-mapping.ts';
import classes from './log.module.css';

/**
 * A scrollbar that knows nothing of pixels of content: its thumb stands for lines or bytes. The keys belong
 * to the list beside it, so it is out of the order of Tab.
 */
export function LogScrollbar({
  place,
  controls,
  onFirst,
  onPage,
}: {
  place: ScrollPlace;
  controls: string;
  onFirst: (first: number) => void;
  onPage: (direction: 1 | -1) => void;
}) {
  const { t } = useTranslation();
  const track = useRef<HTMLDivElement>(null);
  const [trackPx, setTrackPx] = useState(0);
  const grip = useRef<number>(undefined);
  useEffect(() => {
    const element = track.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setTrackPx(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const thumb = thumbFor(place, trackPx);
  const [dragTop, setDragTop] = useState<number>();

  return (
    <div
      ref={track}
      className={classes.track}
      role="scrollbar"
      aria-label={t('log.scrollbar')}
      aria-controls={controls}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, place.total - place.shown)}
      aria-valuenow={place.first}
      data-testid="log-scrollbar"
      onPointerDown={(event) => {
        if (thumb === undefined || event.button !== 0) return;
        const y = event.clientY - event.currentTarget.getBoundingClientRect().top;
        if (y < thumb.topPx || y > thumb.topPx + thumb.heightPx) {
          onPage(y < thumb.topPx ? -1 : 1);
          return;
        }
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = y - thumb.topPx;
        setDragTop(thumb.topPx);
      }}
      onPointerMove={(event) => {
        if (grip.current === undefined || thumb === undefined) return;
        const y = event.clientY - event.currentTarget.getBoundingClientRect().top - grip.current;
        const top = Math.max(0, Math.min(y, trackPx - thumb.heightPx));
        setDragTop(top);
        onFirst(firstAt(top, place, trackPx));
      }}
      onLostPointerCapture={() => {
        grip.current = undefined;
        setDragTop(undefined);
      }}
    >
      {thumb !== undefined && (
        // While it is dragged the thumb stays under the hand, wherever the lines are.
        <div
          className={classes.thumb}
          data-testid="log-thumb"
          style={{ top: dragTop ?? thumb.topPx, height: thumb.heightPx }}
        />
      )}
    </div>
  );
}
