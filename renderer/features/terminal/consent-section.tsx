import { Button, Group, Textarea } from '@mantine/core';
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { useEntity } from '../../app/use-live.ts';
import { useView } from '../../stores/view.ts';
import { deviceZone, formatInstant } from '../../components/format-time.ts';
import { currentConsent } from '#shared/domain/ticket/guards.ts';
import classes from './terminal.module.css';

/**
 * Why this connection is allowed (rule E2): the consent on record, or the two ways to one. An emergency is
 * offered on a P1 only, and `onEmergency` records its reason.
 */
export function ConsentSection({
  ticket,
  now,
  onEmergency,
}: {
  ticket: TicketState;
  now: string;
  onEmergency: (reason: string) => Promise<void>;
}) {
  const { t, i18n } = useTranslation();
  const openDialog = useView((view) => view.openDialog);
  const [reason, setReason] = useState('');
  const [isAsking, setIsAsking] = useState(false);
  const consent = currentConsent(ticket, now);
  const zone = useEntity('site', ticket.siteId)?.zone ?? deviceZone();

  if (consent !== undefined) {
    const until = formatInstant(Date.parse(consent.until), zone, i18n.language, Date.parse(now));
    return (
      <div className={classes.ground} data-testid="terminal-consent" data-emergency={consent.emergency}>
        {consent.emergency ? <ShieldAlert size={16} aria-hidden /> : <ShieldCheck size={16} aria-hidden />}
        <span>
          {consent.emergency
            ? t('terminal.consent.emergency', { reason: consent.reason ?? '', until })
            : t('terminal.consent.given', { name: consent.name, systems: consent.systems, until })}
        </span>
      </div>
    );
  }
  return (
    <div className={classes.ground} data-missing="true" data-testid="terminal-no-consent">
      <ShieldQuestion size={16} aria-hidden />
      <div>
        <p className={classes.sentence}>{t('terminal.consent.missing')}</p>
        <Group gap={8}>
          <Button
            size="xs"
            data-testid="terminal-record-consent"
            onClick={() => openDialog({ kind: 'act', act: 'consent', ticketId: ticket.id })}
          >
            {t('terminal.consent.record')}
          </Button>
          {ticket.grade === 'P1' && !isAsking && (
            <Button
              size="xs"
              variant="default"
              data-testid="terminal-emergency"
              onClick={() => setIsAsking(true)}
            >
              {t('terminal.consent.useEmergency')}
            </Button>
          )}
        </Group>
        {isAsking && (
          <div className={classes.emergency}>
            <Textarea
              label={t('terminal.consent.reason')}
              description={t('terminal.consent.reasonHint')}
              autosize
              minRows={2}
              maxLength={2000}
              value={reason}
              data-autofocus
              data-testid="terminal-emergency-reason"
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <Button
              size="xs"
              disabled={reason.trim() === ''}
              data-testid="terminal-emergency-save"
              onClick={() => void onEmergency(reason.trim())}
            >
              {t('terminal.consent.saveEmergency')}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}
