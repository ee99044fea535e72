import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mayAdminister } from '#shared/domain/rights/administer.ts';
import { subjectOf, useDesk } from '../../app/desk.ts';
import { useSyncStatus } from '../sync/index.ts';
import classes from './admin-page.module.css';
import { AuditTab } from './audit-tab.tsx';
import { DevicesTab } from './devices-tab.tsx';
import { HeldBackTab } from './held-back-tab.tsx';
import { RegionsTab } from './regions-tab.tsx';
import { ServerTab } from './server-tab.tsx';
import { UsersTab } from './users-tab.tsx';

const TABS = {
  users: UsersTab,
  devices: DevicesTab,
  regions: RegionsTab,
  heldBack: HeldBackTab,
  audit: AuditTab,
  server: ServerTab,
} as const;
type Tab = keyof typeof TABS;

/** The area of rights that each tab belongs to. */
const AREAS = {
  users: 'users',
  devices: 'devices',
  regions: 'teams',
  heldBack: 'refusals',
  audit: 'audit',
  server: 'status',
} as const;

/** Accounts, laptops, regions and what is held back: for those who answer for them, and only while the server can be reached. */
export function AdminPage() {
  const { t } = useTranslation();
  const { workspace } = useDesk();
  const [tab, setTab] = useState<Tab>('users');
  const state = useSyncStatus()?.state;
  const subject = subjectOf(workspace);
  const tabs = (Object.keys(TABS) as Tab[]).filter((name) => mayAdminister(subject, AREAS[name]));
  const Shown = TABS[tab];
  return (
    <div className={classes.page} data-testid="admin-page">
      <h1 className={classes.title}>{t('admin.title')}</h1>
      <SegmentedControl
        aria-label={t('admin.title')}
        data-testid="admin-tabs"
        value={tab}
        data={tabs.map((value) => ({ value, label: t(`admin.tab.${value}`) }))}
        onChange={(value) => setTab(value as Tab)}
      />
      {state === 'online' || state === 'syncing' ? (
        <Shown />
      ) : (
        <p className={classes.note} role="status" data-testid="admin-offline">
          {t('admin.offline')}
        </p>
      )}
    </div>
  );
}
