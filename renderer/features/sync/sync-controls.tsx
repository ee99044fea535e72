import { Button, Group, SegmentedControl, Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SyncStatus } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { ExportBundle, ImportBundle } from './bundle-dialogs.tsx';
import classes from './sync-page.module.css';

type MeteredMode = 'auto' | 'on' | 'off';

/** Sync now, pause, mind a metered network, and the file that travels by hand. */
export function SyncControls({ status }: { status: SyncStatus }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [dialog, setDialog] = useState<'export' | 'import'>();
  const setMetered = (mode: MeteredMode): void => void host.sync.setMetered({ mode }).catch(tellTrouble);
  return (
    <div className={classes.controls}>
      <Group gap="md">
        <Button
          size="sm"
          // Until somebody logs in, that is the main act.
          variant={status.state === 'needsLogin' ? 'default' : 'filled'}
          data-testid="sync-now"
          onClick={() => void host.sync.now({}).catch(tellTrouble)}
        >
          {t('sync.now')}
        </Button>
        <Switch
          data-testid="sync-offline"
          label={t('sync.stayOffline')}
          checked={status.offlineByChoice}
          onChange={(event) =>
            void host.sync.setOffline({ offline: event.currentTarget.checked }).catch(tellTrouble)
          }
        />
        <Button size="sm" variant="default" data-testid="sync-export" onClick={() => setDialog('export')}>
          {t('sync.bundle.export')}
        </Button>
        <Button size="sm" variant="default" data-testid="sync-import" onClick={() => setDialog('import')}>
          {t('sync.bundle.import')}
        </Button>
      </Group>
      <Group gap="sm" mt="sm">
        <span className={classes.note} id="sync-metered">
          {t('sync.metered.label')}
        </span>
        <SegmentedControl
          size="xs"
          aria-labelledby="sync-metered"
          data-testid="sync-metered"
          value={status.meteredMode ?? 'auto'}
          data={(['auto', 'on', 'off'] as const).map((value) => ({
            value,
            label: t(`sync.metered.${value}`),
          }))}
          onChange={(value) => setMetered(value as MeteredMode)}
        />
        {status.metered && <span className={classes.note}>{t('sync.metered.note')}</span>}
      </Group>
      {dialog === 'export' && <ExportBundle onClose={() => setDialog(undefined)} />}
      {dialog === 'import' && <ImportBundle onClose={() => setDialog(undefined)} />}
    </div>
  );
}
