import type { TFunction } from 'i18next';
import type { Clock } from '#shared/domain/sla/clock.ts';
import type { Explanation } from '#shared/domain/sla/explanation.ts';
import { formatInstant, formatLength } from '../../components/format-time.ts';

/** In whose language, and by which wall clock, something is told. */
export interface Teller {
  readonly t: TFunction;
  readonly language: string;
  /** The site's zone. */
  readonly zone: string;
  readonly now: number;
}

/** Why a promise stands as it does, sentence by sentence. */
export function explainClock(clock: Clock, teller: Teller): string[] {
  return clock.explanation.map((line) => explainLine(line, teller));
}

/** One sentence of a clock's account of itself. */
export function explainLine(line: Explanation, { t, language, zone, now }: Teller): string {
  const at = (instant: number): string => formatInstant(instant, zone, language, now);
  const length = (ms: number): string => formatLength(ms, language);
  const say = (params: Record<string, string>): string => t(`ticket.explain.${line.code}`, params);
  switch (line.code) {
    case 'notGraded':
    case 'awaitsConfirmation':
      return say({});
    case 'notPromised':
      return say({ grade: line.params.grade });
    case 'waitsFor':
      return say({ fact: t(`ticket.explain.fact.${line.params.fact}`) });
    case 'measuredBy':
      return say({
        grade: line.params.grade,
        target: length(line.params.targetMs),
        calendar: t(`ticket.calendar.${line.params.calendarId}`, { defaultValue: line.params.calendarId }),
      });
    case 'regraded':
      return say({ at: at(line.params.at), from: line.params.from, to: line.params.to });
    case 'breachKept':
      return say({ before: line.params.brokenUnder, grade: line.params.grade, due: at(line.params.due) });
    case 'paused':
    case 'pausedNow': {
      const { reason, from, to, countedMs, evidence } = line.params;
      return say({
        reason: t(`ticket.waiting.${reason}`),
        from: at(from),
        to: to === undefined ? '' : at(to),
        length: length(countedMs),
        evidence: evidence === undefined || evidence === '' ? '' : t('ticket.explain.evidence', { evidence }),
      });
    }
    case 'closedTime':
      return say({
        from: at(line.params.from),
        to: at(line.params.to),
        length: length(line.params.countedMs),
      });
    case 'madeAnew':
      return say({ at: at(line.params.at), days: String(line.params.reopenDays) });
    case 'outsideWorkingTime':
      return say({ at: at(line.params.resumesAt) });
    case 'fulfilled':
      return line.params.lateMs > 0
        ? t('ticket.explain.fulfilledLate', { at: at(line.params.at), late: length(line.params.lateMs) })
        : say({ at: at(line.params.at) });
    case 'overdue':
      return say({ due: at(line.params.due) });
    case 'withinUncertainty':
      return say({ earliest: at(line.params.earliestDue), latest: at(line.params.latestDue) });
    case 'ended':
      return say({ at: at(line.params.at), how: t(`ticket.ended.${line.params.as}`) });
    case 'neverDue':
      return say({
        calendar: t(`ticket.calendar.${line.params.calendarId}`, { defaultValue: line.params.calendarId }),
      });
  }
}
