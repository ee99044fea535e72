import { Checkbox, Input, Rating, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { UserState } from '#shared/domain/directory/state.ts';
import { Tier } from '#shared/domain/ticket/words.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import type { FieldSpec } from './act-specs.ts';
import { ShareTargetField } from './share-target-field.tsx';
import { SignatureField } from './signature-field.tsx';
import { deviceZone } from '../../components/format-time.ts';

interface FieldProps {
  readonly field: FieldSpec;
  /** Where its texts stand: `ticket.act.<act>`, or `ticket.new`. */
  readonly place: string;
  readonly testId: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly users: readonly UserState[];
  readonly nameOf?: (key: string) => string;
  /** With whom the ticket is shared now. */
  readonly sharedWith?: readonly string[];
  readonly zone: string;
  readonly error?: string | undefined;
}

/** One field of a form, by its kind. */
export function ActField({
  field,
  place,
  testId,
  value,
  onChange,
  users,
  nameOf = String,
  sharedWith = [],
  zone,
  error,
}: FieldProps) {
  const { t, i18n } = useTranslation();
  const label = t(`${place}.${field.name}`);
  const hint = i18n.exists(`${place}.${field.name}Hint`) ? t(`${place}.${field.name}Hint`) : undefined;
  const shared = {
    label,
    error,
    'data-testid': testId,
    withAsterisk: false,
  };
  const word = (option: string): string => t(`ticket.${field.words ?? ''}.${option}`);
  switch (field.kind) {
    case 'line':
      return (
        <TextInput
          {...shared}
          placeholder={hint}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'text':
      return (
        <Textarea
          {...shared}
          placeholder={hint}
          autosize
          minRows={field.isOptional === true ? 2 : 3}
          maxRows={12}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'instant':
      return (
        <TextInput
          {...shared}
          type="datetime-local"
          description={zone === deviceZone() ? undefined : t('ticket.act.zone', { zone })}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'choice':
      return (
        <Input.Wrapper label={label} error={error} labelElement="div">
          <SegmentedControl
            fullWidth
            data-testid={testId}
            aria-label={label}
            value={value}
            data={(field.options ?? []).map((option) => ({ value: option, label: word(option) }))}
            onChange={onChange}
          />
        </Input.Wrapper>
      );
    case 'pick':
      return (
        <Select
          {...shared}
          searchable
          openOnFocus={false}
          clearable={field.isOptional === true}
          allowDeselect={field.isOptional === true}
          placeholder={field.isOptional === true ? t('ticket.new.byMatrix') : undefined}
          value={value === '' ? null : value}
          data={(field.options ?? []).map((option) => ({ value: option, label: word(option) }))}
          onChange={(next) => onChange(next ?? '')}
        />
      );
    case 'user':
    case 'manager':
      return (
        <Select
          {...shared}
          searchable
          openOnFocus={false}
          limit={100}
          placeholder={t('ticket.act.pickUser')}
          nothingFoundMessage={t('ticket.new.nothingFound')}
          value={value === '' ? null : value}
          data={usersByTier(
            field.kind === 'manager' ? users.filter((user) => user.roles?.includes('manager')) : users,
            i18n.language,
            (tier) => t(`ticket.tier.${tier}`),
          )}
          onChange={(next) => onChange(next ?? '')}
        />
      );
    case 'target':
    case 'sharedTarget':
      return (
        <ShareTargetField
          label={label}
          testId={testId}
          error={error}
          value={value}
          onChange={onChange}
          users={users}
          nameOf={nameOf}
          sharedWith={sharedWith}
          isEnding={field.kind === 'sharedTarget'}
        />
      );
    case 'tick':
      return (
        <Checkbox
          label={label}
          data-testid={testId}
          checked={value === 'yes'}
          onChange={(event) => onChange(event.currentTarget.checked ? 'yes' : '')}
        />
      );
    case 'rating':
      return (
        <Input.Wrapper label={label} error={error} labelElement="div">
          <Rating
            size="lg"
            data-testid={testId}
            aria-label={label}
            getSymbolLabel={(index) => `${label} ${index}`}
            value={Number(value || 0)}
            onChange={(next) => onChange(String(next))}
          />
        </Input.Wrapper>
      );
    case 'signature':
      return <SignatureField label={label} testId={testId} error={error} onChange={onChange} />;
  }
}

/** Colleagues by name, grouped by the tier they work in. */
export function usersByTier(
  users: readonly UserState[],
  language: string,
  nameOfTier: (tier: Tier) => string,
) {
  return Tier.options
    .map((tier) => ({
      group: nameOfTier(tier),
      items: users
        .filter((user) => (user.tier ?? 'L1') === tier)
        .map((user) => ({ value: user.id, label: nameIn(language, user) }))
        .sort((a, b) => a.label.localeCompare(b.label, language)),
    }))
    .filter(({ items }) => items.length > 0);
}
