import { Button, Select, TextInput } from '@mantine/core';
import { useCallback, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Tier } from '#shared/domain/ticket/words.ts';
import { useDesk } from '../../app/desk.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { useDirectory } from '../ticket/index.ts';
import { namedRegion } from './named-region.ts';
import { PlaceList } from './place-list.tsx';
import { Trouble } from './trouble.tsx';
import { useLoaded } from './use-loaded.ts';

interface Draft {
  readonly kind: 'region' | 'team';
  readonly isNew: boolean;
  readonly id: string;
  readonly nameZh: string;
  readonly nameEn: string;
  readonly region: string | null;
  readonly tier: string | null;
}

/** Regions are what customers, tickets and stock belong to; a team lets its members work in its region. */
export function RegionsTab() {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const { users } = useDirectory();
  const load = useCallback(
    async () => ({ ...(await host.admin.regions({})), ...(await host.admin.teams({})) }),
    [host],
  );
  const { value, trouble, refusal, act, forget } = useLoaded(load);
  const [draft, setDraft] = useState<Draft>();
  const regionName = (id: string): string => namedRegion(value?.regions ?? [], id, i18n.language);
  const nameOf = (id: string): string =>
    nameIn(
      i18n.language,
      users.find((user) => user.id === id),
    ) || id;
  const blank = (kind: Draft['kind']): Draft => ({
    kind,
    isNew: true,
    id: '',
    nameZh: '',
    nameEn: '',
    region: null,
    tier: null,
  });
  const close = (): void => {
    forget();
    setDraft(undefined);
  };
  const save = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (draft === undefined) return;
    const { id, nameZh, nameEn, region, tier } = draft;
    const isDone = await act(() =>
      draft.kind === 'region'
        ? host.admin.saveRegion({ id, nameZh, nameEn })
        : host.admin.saveTeam({
            id,
            nameZh,
            nameEn,
            region: region ?? '',
            tier: tier === null ? null : Tier.parse(tier),
          }),
    );
    if (isDone) close();
  };
  const set = (patch: Partial<Draft>): void => setDraft((before) => before && { ...before, ...patch });
  const isFilled =
    draft !== undefined &&
    /^[a-z0-9-]{1,40}$/.test(draft.id) &&
    draft.nameZh.trim() !== '' &&
    draft.nameEn.trim() !== '' &&
    (draft.kind === 'region' || draft.region !== null);

  return (
    <section>
      <Trouble text={trouble} />
      <PlaceList
        kind="region"
        places={value?.regions}
        cells={(region) => [t('admin.region.users', { count: region.users }), '']}
        onNew={() => setDraft(blank('region'))}
        onEdit={(region) => setDraft({ ...blank('region'), ...region, isNew: false })}
      />
      <PlaceList
        kind="team"
        places={value?.teams}
        about={({ tier }) => tier !== null && `· ${t(`ticket.tier.${tier}`)}`}
        cells={(team) => [regionName(team.region), team.members.map((id) => nameOf(id)).join(', ')]}
        onNew={() => setDraft(blank('team'))}
        onEdit={(team) => setDraft({ ...blank('team'), ...team, isNew: false })}
      />
      {draft !== undefined && (
        <DialogFrame
          title={t(draft.isNew ? `admin.${draft.kind}.new` : `admin.${draft.kind}.edit`)}
          size={440}
          onClose={close}
        >
          <form className={dialog.form} onSubmit={(event) => void save(event)}>
            <TextInput
              label={t('admin.region.id')}
              description={t('admin.region.idHint')}
              disabled={!draft.isNew}
              value={draft.id}
              data-testid="region-id"
              onChange={(event) => set({ id: event.currentTarget.value })}
            />
            <TextInput
              label={t('admin.region.nameZh')}
              value={draft.nameZh}
              data-testid="region-name-zh"
              onChange={(event) => set({ nameZh: event.currentTarget.value })}
            />
            <TextInput
              label={t('admin.region.nameEn')}
              value={draft.nameEn}
              data-testid="region-name-en"
              onChange={(event) => set({ nameEn: event.currentTarget.value })}
            />
            {draft.kind === 'team' && (
              <>
                <Select
                  data-testid="team-region"
                  label={t('admin.team.region')}
                  value={draft.region}
                  data={(value?.regions ?? []).map(({ id }) => ({ value: id, label: regionName(id) }))}
                  onChange={(region) => set({ region })}
                />
                <Select
                  label={t('admin.team.tier')}
                  clearable
                  value={draft.tier}
                  data={Tier.options.map((tier) => ({ value: tier, label: t(`ticket.tier.${tier}`) }))}
                  onChange={(tier) => set({ tier })}
                />
              </>
            )}
            <DialogFoot trouble={refusal} troubleId="region-trouble">
              <Button variant="default" onClick={close}>
                {t('app.close')}
              </Button>
              <Button type="submit" disabled={!isFilled} data-testid="region-save">
                {t('admin.save')}
              </Button>
            </DialogFoot>
          </form>
        </DialogFrame>
      )}
    </section>
  );
}
