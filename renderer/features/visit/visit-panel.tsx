import { Button, Group, Progress } from '@mantine/core';
import { AlertTriangle, Check, DownloadCloud } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import {
  VISIT_SECTIONS,
  type Readiness,
  type VisitItem,
  type VisitPlan,
} from '#shared/domain/visit/visit.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { formatSize } from '../../components/format-size.ts';
import { useSyncStatus } from '../sync/index.ts';
import { useVisit } from './use-visit.ts';
import classes from './visit-panel.module.css';

const SIGNS = { here: Check, toFetch: DownloadCloud, missing: AlertTriangle } as const;

/** What a visit to the site needs: what is here, what is fetched with one press, and what somebody has to see to before he leaves. */
export function VisitPanel({ siteId, day }: { siteId: string; day: string }) {
  const { t, i18n } = useTranslation();
  const { plan, progress, trouble, fetchAll, stop } = useVisit(siteId, day);
  const state = useSyncStatus()?.state;
  const { workspace } = useDesk();
  if (plan === undefined) return <p className={classes.note}>{t('visit.computing')}</p>;
  if (plan === null) return <p className={classes.note}>{t('visit.unknownSite')}</p>;
  const toFetch = plan.toFetch.entities.length + plan.toFetch.blobs.length;
  const isOnline = state === 'online' || state === 'syncing';
  return (
    <section className={classes.panel} data-testid="visit-panel" aria-label={t('visit.title')}>
      <Verdict plan={plan} toFetch={toFetch} />
      {toFetch > 0 && (
        <Group gap="md" my="sm">
          {progress === undefined ? (
            <Button
              size="sm"
              data-testid="visit-fetch"
              disabled={!isOnline || workspace.kind === 'demo'}
              onClick={() => void fetchAll()}
            >
              {t('visit.fetch', {
                count: toFetch,
                size: formatSize(plan.toFetch.bytes, i18n.language),
              })}
            </Button>
          ) : (
            <>
              <div className={classes.progress}>
                <Progress
                  value={(100 * progress.done) / Math.max(1, progress.total)}
                  aria-label={t('visit.fetching')}
                />
                <span className={classes.note}>
                  {t('visit.progress', {
                    done: progress.done,
                    total: progress.total,
                    bytes: formatSize(progress.bytes, i18n.language),
                    totalBytes: formatSize(progress.totalBytes, i18n.language),
                  })}
                  {progress.secondsLeft !== null &&
                    ` · ${t('visit.left', { seconds: Math.ceil(progress.secondsLeft) })}`}
                </span>
              </div>
              <Button size="sm" variant="default" onClick={stop}>
                {t('visit.stop')}
              </Button>
            </>
          )}
          {!isOnline && <span className={classes.note}>{t('visit.offline')}</span>}
        </Group>
      )}
      {trouble !== undefined && (
        <p role="alert" className={classes.trouble}>
          {explainError(trouble)} {t('visit.goesOn')}
        </p>
      )}
      {VISIT_SECTIONS.map((section) => {
        const items = plan.items.filter((item) => item.section === section);
        return items.length === 0 ? null : (
          <div key={section} className={classes.section} data-testid={`visit-${section}`}>
            <h3>{t(`visit.section.${section}`)}</h3>
            <ul>
              {items.map((item) => (
                <Item key={item.id} item={item} />
              ))}
            </ul>
          </div>
        );
      })}
    </section>
  );
}

function Verdict({ plan, toFetch }: { plan: VisitPlan; toFetch: number }) {
  const { t } = useTranslation();
  const readiness: Readiness = plan.missing > 0 ? 'missing' : toFetch > 0 ? 'toFetch' : 'here';
  return (
    <p className={classes.verdict} data-readiness={readiness} data-testid="visit-verdict" role="status">
      {plan.missing > 0 && t('visit.missing', { count: plan.missing })}
      {plan.missing > 0 && toFetch > 0 && ' '}
      {toFetch > 0 && t('visit.toFetch', { count: toFetch })}
      {plan.missing === 0 && toFetch === 0 && t('visit.ready')}
    </p>
  );
}

function Item({ item }: { item: VisitItem }) {
  const { t, i18n } = useTranslation();
  const Sign = SIGNS[item.readiness];
  const { about } = item;
  const english = i18n.language === 'en';
  const values = {
    ...about,
    ...(about.nameEn !== undefined && { name: english ? about.nameEn : about.name }),
    ...(about.titleEn !== undefined && { title: english ? about.titleEn : about.title }),
    // What the version is called in forms and on the site stands here too.
    ...(about.version !== undefined &&
      about.id !== undefined && {
        calendar: t(`site.calendar.${about.id}`, {
          version: about.version,
          defaultValue: `${about.id}, ${about.version}`,
        }),
      }),
    ...(typeof about.at === 'string' && {
      at: new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' }).format(new Date(about.at)),
    }),
  };
  return (
    <li className={classes.item} data-readiness={item.readiness} data-code={item.code}>
      <Sign size={14} aria-label={t(`visit.readiness.${item.readiness}`)} />
      <span>{t(`visit.item.${item.code}`, values)}</span>
    </li>
  );
}
