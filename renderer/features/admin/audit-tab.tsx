import { Button, Table } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import classes from './admin-page.module.css';
import { formatSeen } from './format-seen.ts';
import { Trouble } from './trouble.tsx';
import { useLoaded } from './use-loaded.ts';

/** Who changed what, from where, and why. Nothing in here can be changed. */
export function AuditTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const [before, setBefore] = useState<number>();
  const load = useCallback(
    () => host.admin.audit({ limit: 100, ...(before !== undefined && { before }) }),
    [host, before],
  );
  const { value, trouble } = useLoaded(load);
  return (
    <section>
      <Trouble text={trouble} />
      <Table stickyHeader data-testid="admin-audit">
        <Table.Thead>
          <Table.Tr>
            {(['at', 'actor', 'act', 'subject', 'detail'] as const).map((column) => (
              <Table.Th key={column}>{t(`admin.audit.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {value?.entries.map((entry) => (
            <Table.Tr key={entry.n}>
              <Table.Td className={classes.figure}>{formatSeen(entry.at, i18n.language, '')}</Table.Td>
              <Table.Td className={classes.figure}>
                {entry.actor}
                <p className={classes.mono}>{entry.address}</p>
              </Table.Td>
              <Table.Td className={classes.figure}>
                {t(`admin.audit.acts.${entry.act.replace('.', '_')}`, { defaultValue: entry.act })}
              </Table.Td>
              <Table.Td className={`${classes.mono} ${classes.subject}`}>{entry.subject}</Table.Td>
              <Table.Td className={classes.words}>{detailOf(entry.detail, t)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <div className={classes.acts}>
        {before !== undefined && (
          <Button size="xs" variant="default" onClick={() => setBefore(undefined)}>
            {t('admin.audit.newest')}
          </Button>
        )}
        {value !== undefined && value.next !== null && (
          <Button size="xs" variant="default" onClick={() => setBefore(value.next ?? undefined)}>
            {t('admin.audit.older')}
          </Button>
        )}
      </div>
    </section>
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];

/** `Roles: engineer → manager · Reason: lost on the train`. What has no plain form stands as JSON. */
function detailOf(detail: unknown, t: Translate): string {
  if (typeof detail !== 'object' || detail === null)
    return detail === undefined ? '' : JSON.stringify(detail);
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(
      ([name, value]) =>
        `${t(`admin.audit.field.${name}`, { defaultValue: name })}: ${plain(value, t, name)}`,
    )
    .join(' · ');
}

function plain(value: unknown, t: Translate, field: string): string {
  const place = field === 'roles' ? 'admin.role' : 'admin.audit.value';
  if (typeof value === 'string') return t(`${place}.${value}`, { defaultValue: value });
  if (typeof value === 'boolean') return t(`admin.audit.value.${value}`);
  if (Array.isArray(value)) return value.map((one) => plain(one, t, field)).join(', ');
  if (typeof value === 'object' && value !== null && 'from' in value && 'to' in value)
    return `${plain(value.from, t, field)} → ${plain(value.to, t, field)}`;
  return JSON.stringify(value);
}
