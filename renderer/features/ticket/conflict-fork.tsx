import { Button, Popover } from '@mantine/core';
import { Split } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentOf } from '#shared/domain/ticket/promises.ts';
import type { Register, TicketState } from '#shared/domain/ticket/state.ts';
import type { EditableField } from '#shared/domain/ticket/words.ts';
import { useDesk } from '../../app/desk.ts';
import { formatInstant } from '../../components/format-time.ts';
import { perform } from './perform.ts';
import { useNow } from '../../components/use-now.ts';
import classes from './side-panel.module.css';

interface ForkProps {
  readonly ticket: TicketState;
  readonly field: EditableField;
  readonly register: Register;
  readonly zone: string;
  readonly nameOf: (key: string) => string;
  readonly show: (value: string) => string;
}

/** Two people wrote a field at the same time: both versions, and one click to settle it. */
export function ConflictFork({ ticket, field, register, zone, nameOf, show }: ForkProps) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const now = useNow(60_000);
  const [opened, setOpened] = useState(false);
  const name = t(`ticket.field.${field}`);
  const versions = [register, ...register.conflicts];
  const settle = (value: string): void => {
    setOpened(false);
    void perform(desk, ticket.id, { do: 'settle', field, value });
  };
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      width={320}
      position="bottom-end"
      withArrow
      trapFocus
      withinPortal
    >
      <Popover.Target>
        <button
          type="button"
          className={classes.fork}
          data-testid={`conflict-${field}`}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          <Split size={12} aria-hidden /> {t('ticket.conflict.short')}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('ticket.conflict.title', { field: name })}>
        <p className={classes.conflictTitle}>{t('ticket.conflict.title', { field: name })}</p>
        <p className={classes.conflictText}>{t('ticket.conflict.text')}</p>
        {versions.map((version, index) => (
          <div key={version.setBy} className={classes.version}>
            <p className={classes.versionValue}>
              {version.value === '' ? t('ticket.conflict.empty') : show(version.value)}
            </p>
            <p className={classes.versionBy}>
              {t('ticket.conflict.by', {
                name: nameOf(`user/${version.actor}`),
                at: formatInstant(momentOf(ticket, version.at).at, zone, i18n.language, now),
              })}
              {index === 0 && ` · ${t('ticket.conflict.stands')}`}
            </p>
            <Button
              size="compact-xs"
              variant={index === 0 ? 'filled' : 'default'}
              data-testid={`settle-${index}`}
              onClick={() => settle(version.value)}
            >
              {t('ticket.conflict.choose')}
            </Button>
          </div>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}
