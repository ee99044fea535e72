import { useTranslation } from 'react-i18next';
import type { Grade } from '#shared/domain/ticket/words.ts';
import classes from './grade-sign.module.css';

/** The grade as shape, letter and colour: filled, half, outline, dot. */
export function GradeSign({ grade }: { grade: Grade | undefined }) {
  const { t } = useTranslation();
  const name = grade === undefined ? t('ticket.ungraded') : t(`ticket.grade.${grade}`);
  return (
    <span
      className={`${classes.sign} ${classes[grade ?? 'none']}`}
      title={name}
      role="img"
      aria-label={name}
      data-grade={grade}
    >
      {grade ?? '?'}
    </span>
  );
}
