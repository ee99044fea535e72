import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { levelOf } from './line-level.ts';
import type { LogLine } from './line-source.ts';
import { showLine, type Range } from './show-line.ts';
import classes from './log.module.css';

/** One height for all lines: positions on the screen are counted, never measured. */
export const ROW_PX = 20;

interface RowProps {
  readonly line: LogLine;
  readonly id: string;
  readonly hits: readonly Range[] | undefined;
  readonly isMarked: boolean;
  readonly isCursor: boolean;
  readonly digits: number;
}

/** A line as text, never as markup; clicks are the list's. */
export const LogRow = memo(function LogRow({ line, id, hits, isMarked, isCursor, digits }: RowProps) {
  const { t } = useTranslation();
  const level = levelOf(line.text);
  return (
    <div
      id={id}
      role="option"
      aria-selected={isMarked}
      className={classes.line}
      data-testid="log-line"
      data-line={line.line ?? undefined}
      data-offset={line.byteOffset}
      data-level={level}
      data-marked={isMarked}
      data-cursor={isCursor}
    >
      <span
        className={classes.gutter}
        data-testid="log-mark"
        data-gutter
        title={t('log.mark.toggle')}
        style={{ width: `${digits + 3}ch` }}
      >
        {line.line ?? (line.startKnown ? '·' : '…')}
      </span>
      <span className={classes.text}>
        {showLine(line.text, hits).map((segment, index) => (
          <span
            key={index}
            className={segment.kind === 'control' ? classes.control : undefined}
            data-hit={segment.isHit || undefined}
            data-colour={segment.colour}
            data-bold={segment.isBold || undefined}
          >
            {segment.text}
          </span>
        ))}
        {line.truncated && <span className={classes.control}> {t('log.truncated')}</span>}
      </span>
    </div>
  );
});
