import { Table } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AdminDevice } from '#shared/sync/admin.ts';
import { useDesk } from '../../app/desk.ts';
import classes from './admin-page.module.css';
import { formatSeen } from './format-seen.ts';
import { More } from './more.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { Trouble } from './trouble.tsx';
import { usePages } from './use-pages.ts';

const PAGE = 200;

/** The laptops, and the two words that may be said of one: revoke, reinstate. */
export function DevicesTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const ask = useCallback(
    async (after: string) => {
      const { devices, next } = await host.admin.devices({ after, limit: PAGE });
      return { items: devices, next };
    },
    [host],
  );
  const { value, trouble, refusal, act, forget, more } = usePages(ask);
  const [chosen, setChosen] = useState<AdminDevice>();
  /** Whoever works at a screen like this one has a laptop in the list. */
  const nameOf = (userId: string): string =>
    value?.items.find((device) => device.userId === userId)?.userName ?? userId;
  const isRevoked = chosen !== undefined && chosen.revoked !== null;
  return (
    <section>
      <Trouble text={trouble} />
      <Table stickyHeader highlightOnHover data-testid="admin-devices">
        <Table.Thead>
          <Table.Tr>
            {(['code', 'user', 'seen', 'state'] as const).map((column) => (
              <Table.Th key={column}>{t(`admin.device.${column}`)}</Table.Th>
            ))}
            <Table.Th aria-label={t('admin.acts')} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {value?.items.map((device) => (
            <Table.Tr key={device.id} data-testid="admin-device" data-code={device.code}>
              <Table.Td>
                <b>{device.code}</b> {describe(device)}
              </Table.Td>
              <Table.Td>{device.userName}</Table.Td>
              <Table.Td className={classes.figure}>
                {formatSeen(device.lastSeenAt, i18n.language, t('admin.never'))}
              </Table.Td>
              <Table.Td>
                {device.revoked === null
                  ? t('admin.device.active')
                  : t('admin.device.revoked', {
                      by: nameOf(device.revoked.by),
                      at: formatSeen(device.revoked.at, i18n.language, ''),
                    })}
                {device.quarantined > 0 &&
                  ` · ${t('admin.device.quarantined', { count: device.quarantined })}`}
              </Table.Td>
              <Table.Td>
                {device.mayChange && (
                  <button
                    type="button"
                    className={classes.link}
                    data-testid="admin-revoke"
                    onClick={() => setChosen(device)}
                  >
                    {t(device.revoked === null ? 'admin.device.revoke' : 'admin.device.reinstate')}
                  </button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More page={value} onMore={more} />
      {chosen !== undefined && (
        <ReasonDialog
          title={t(isRevoked ? 'admin.device.reinstate' : 'admin.device.revoke')}
          lead={t(isRevoked ? 'admin.device.reinstateLead' : 'admin.device.revokeLead', {
            code: chosen.code,
          })}
          submit={t(isRevoked ? 'admin.device.reinstate' : 'admin.device.revoke')}
          trouble={refusal}
          {...(!isRevoked && {
            besides: {
              label: t('admin.device.endSignIn'),
              description: t('admin.device.endSignInHint', { user: chosen.userName }),
            },
          })}
          onSubmit={(reason, endSignIn) =>
            act(() =>
              isRevoked
                ? host.admin.reinstateDevice({ id: chosen.id, reason })
                : host.admin.revokeDevice({ id: chosen.id, reason, endSignIn }),
            )
          }
          onClose={() => {
            forget();
            setChosen(undefined);
          }}
        />
      )}
    </section>
  );
}

/** The system is named once, though most laptops have it in their names. */
function describe({ name, platform }: AdminDevice): string {
  return name.toLowerCase().includes(platform.toLowerCase()) ? name : `${name} · ${platform}`;
}
