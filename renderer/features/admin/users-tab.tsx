import { Button, Group, Table, TextInput } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AdminUser } from '#shared/sync/admin.ts';
import { useDesk } from '../../app/desk.ts';
import classes from './admin-page.module.css';
import { namedRegion } from './named-region.ts';
import { More } from './more.tsx';
import { Trouble } from './trouble.tsx';
import { useLoaded } from './use-loaded.ts';
import { usePages } from './use-pages.ts';
import { UserDialog } from './user-dialog.tsx';
import { formatSeen } from './format-seen.ts';

const PAGE = 100;

/** Everybody with an account whom the asking user may look after. */
export function UsersTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const [search, setSearch] = useState('');
  const ask = useCallback(
    async (after: string) => {
      const { users, next } = await host.admin.users({ search, after, limit: PAGE });
      return { items: users, next };
    },
    [host, search],
  );
  const loadPlaces = useCallback(
    async () => ({ ...(await host.admin.regions({})), ...(await host.admin.teams({})) }),
    [host],
  );
  const places = useLoaded(loadPlaces).value;
  const regionName = (id: string): string => namedRegion(places?.regions ?? [], id, i18n.language);
  const teamName = (id: string): string => {
    const team = places?.teams.find((known) => known.id === id);
    return team === undefined ? id : i18n.language === 'en' ? team.nameEn : team.nameZh;
  };
  const { value, trouble, refusal, act, forget, more } = usePages(ask);
  const [edited, setEdited] = useState<AdminUser | 'new'>();
  return (
    <section>
      <Group gap="sm" my="sm">
        <TextInput
          aria-label={t('admin.user.find')}
          placeholder={t('admin.user.find')}
          value={search}
          data-testid="admin-user-find"
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button size="sm" data-testid="admin-new-user" onClick={() => setEdited('new')}>
          {t('admin.user.new')}
        </Button>
      </Group>
      <Trouble text={(edited === undefined ? refusal : undefined) ?? trouble} />
      <Table stickyHeader highlightOnHover data-testid="admin-users">
        <Table.Thead>
          <Table.Tr>
            {(['name', 'roles', 'regions', 'teams', 'seen'] as const).map((column) => (
              <Table.Th key={column}>{t(`admin.user.${column}`)}</Table.Th>
            ))}
            <Table.Th aria-label={t('admin.acts')} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {value?.items.map((user) => (
            <Table.Tr
              key={user.id}
              data-testid="admin-user"
              data-user={user.id}
              data-disabled={user.disabled}
            >
              <Table.Td>
                {user.name} <span className={classes.mono}>{user.id}</span>
                {user.disabled && ` · ${t('admin.user.isDisabled')}`}
                {user.signInEnded && ` · ${t('admin.user.isSignInEnded')}`}
              </Table.Td>
              <Table.Td>
                {user.roles.map((role) => t(`admin.role.${role}`, { defaultValue: role })).join(', ')}
              </Table.Td>
              <Table.Td>{[user.homeRegion, ...user.regions].map(regionName).join(', ')}</Table.Td>
              <Table.Td>{user.teams.map(teamName).join(', ')}</Table.Td>
              <Table.Td className={classes.figure}>
                {formatSeen(user.lastSeenAt, i18n.language, t('admin.never'))}
              </Table.Td>
              <Table.Td>
                {user.mayChange && (
                  <div className={classes.acts}>
                    <button
                      type="button"
                      className={classes.link}
                      data-testid="admin-edit-user"
                      onClick={() => setEdited(user)}
                    >
                      {t('admin.edit')}
                    </button>
                    <button
                      type="button"
                      className={classes.link}
                      data-testid="admin-disable-user"
                      onClick={() =>
                        void act(() =>
                          host.admin.updateUser({ id: user.id, change: { disabled: !user.disabled } }),
                        )
                      }
                    >
                      {t(user.disabled ? 'admin.user.enable' : 'admin.user.disable')}
                    </button>
                  </div>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More page={value} onMore={more} />
      {edited !== undefined && (
        <UserDialog
          user={edited === 'new' ? undefined : edited}
          trouble={refusal}
          act={act}
          onClose={() => {
            forget();
            setEdited(undefined);
          }}
        />
      )}
    </section>
  );
}
