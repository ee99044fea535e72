import { Button, MultiSelect, PasswordInput, Select, TextInput } from '@mantine/core';
import { useCallback, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Role } from '#shared/domain/directory/events.ts';
import { administeredRegions, givableRoles } from '#shared/domain/rights/administer.ts';
import type { AdminUser } from '#shared/sync/admin.ts';
import { subjectOf, useDesk } from '../../app/desk.ts';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { useLoaded } from './use-loaded.ts';

interface UserDialogProps {
  /** `undefined` for a new one. */
  readonly user: AdminUser | undefined;
  /** Why it was not saved the last time. */
  readonly trouble: string | undefined;
  readonly act: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly onClose: () => void;
}

/** Makes an account or changes one. A new password ends all logins of the user. */
export function UserDialog({ user, trouble, act, onClose }: UserDialogProps) {
  const { t, i18n } = useTranslation();
  const { host, workspace } = useDesk();
  const loadRegions = useCallback(() => host.admin.regions({}), [host]);
  const loadTeams = useCallback(() => host.admin.teams({}), [host]);
  const subject = subjectOf(workspace);
  const reach = administeredRegions(subject, 'users');
  const isMine = (region: string): boolean => reach === 'all' || reach.includes(region);
  const regions = (useLoaded(loadRegions).value?.regions ?? []).filter(({ id }) => isMine(id));
  const teams = (useLoaded(loadTeams).value?.teams ?? []).filter(({ region }) => isMine(region));
  const [id, setId] = useState(user?.id ?? '');
  const [name, setName] = useState(user?.name ?? '');
  const [password, setPassword] = useState('');
  const [roles, setRoles] = useState<string[]>([...(user?.roles ?? ['engineer'])]);
  const [homeRegion, setHomeRegion] = useState<string | null>(user?.homeRegion ?? null);
  const [more, setMore] = useState<string[]>([...(user?.regions ?? [])]);
  const [memberOf, setMemberOf] = useState<string[]>([...(user?.teams ?? [])]);
  const named = (thing: { id: string; nameZh: string; nameEn: string }): { value: string; label: string } => {
    const name = i18n.language === 'en' ? thing.nameEn : thing.nameZh;
    // What has no name yet is called by its id: once is enough.
    return { value: thing.id, label: name === thing.id ? name : `${name} (${thing.id})` };
  };
  const isFilled =
    id.trim() !== '' &&
    name.trim() !== '' &&
    roles.length > 0 &&
    homeRegion !== null &&
    (user === undefined ? password.length >= 10 : password === '' || password.length >= 10);

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    const known = roles.filter((role): role is Role => Role.safeParse(role).success);
    const data = {
      name: name.trim(),
      roles: known,
      homeRegion: homeRegion ?? '',
      regions: more,
      teams: memberOf,
    };
    const isDone = await act(() =>
      user === undefined
        ? host.admin.createUser({ ...data, id: id.trim(), password })
        : host.admin.updateUser({
            id: user.id,
            change: { ...data, ...(password !== '' && { password }) },
          }),
    );
    if (isDone) onClose();
  };

  return (
    <DialogFrame title={user === undefined ? t('admin.user.new') : user.name} size={520} onClose={onClose}>
      <form className={dialog.form} data-testid="user-form" onSubmit={(event) => void submit(event)}>
        {user === undefined && (
          <TextInput
            label={t('admin.user.id')}
            required
            value={id}
            data-testid="user-id"
            onChange={(event) => setId(event.currentTarget.value)}
          />
        )}
        <TextInput
          label={t('admin.user.name')}
          required
          value={name}
          data-testid="user-name"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label={t(user === undefined ? 'admin.user.password' : 'admin.user.newPassword')}
          description={t(user === undefined ? 'admin.user.passwordLength' : 'admin.user.passwordHint')}
          required={user === undefined}
          autoComplete="new-password"
          value={password}
          data-testid="user-password"
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <MultiSelect
          label={t('admin.user.roles')}
          value={roles}
          data={givableRoles(subject, Role.options).map((role) => ({
            value: role,
            label: t(`admin.role.${role}`),
          }))}
          data-testid="user-roles"
          onChange={setRoles}
        />
        <Select
          label={t('admin.user.homeRegion')}
          required
          value={homeRegion}
          data={regions.map(named)}
          data-testid="user-region"
          onChange={setHomeRegion}
        />
        <MultiSelect
          label={t('admin.user.moreRegions')}
          value={more}
          data-testid="user-more-regions"
          data={regions.map(named)}
          onChange={setMore}
        />
        <MultiSelect
          label={t('admin.user.teams')}
          value={memberOf}
          data-testid="user-teams"
          data={teams.map(named)}
          onChange={setMemberOf}
        />
        <DialogFoot trouble={trouble} troubleId="user-trouble">
          <Button variant="default" onClick={onClose}>
            {t('app.close')}
          </Button>
          <Button type="submit" disabled={!isFilled} data-testid="user-save">
            {t('admin.save')}
          </Button>
        </DialogFoot>
      </form>
    </DialogFrame>
  );
}
