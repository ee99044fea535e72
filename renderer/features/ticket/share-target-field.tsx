import { Select } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UserState } from '#shared/domain/directory/state.ts';
import { useDesk } from '../../app/desk.ts';

interface TargetProps {
  readonly label: string;
  readonly testId: string;
  readonly error?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly users: readonly UserState[];
  readonly nameOf: (key: string) => string;
  readonly sharedWith: readonly string[];
  /** One of those it is shared with is chosen, instead of a new one. */
  readonly isEnding: boolean;
}

/** What can stand behind `user/` and `region/`. */
const NAME = /^[^\s/]{1,80}$/;

/**
 * Who a ticket is shared with: a colleague who is known here, a region, or the account name of somebody whom this laptop does
 * not know, because experts of other regions are not on it.
 */
export function ShareTargetField(props: TargetProps) {
  const { label, testId, error, value, onChange, users, nameOf, sharedWith, isEnding } = props;
  const { t } = useTranslation();
  const { workspace } = useDesk();
  const [typed, setTyped] = useState('');
  const item = (target: string) => ({ value: target, label: nameOf(target) });
  const people = users.filter(({ id }) => id !== workspace.userId).map(({ id }) => `user/${id}`);
  const regions = users.flatMap(({ region }) => (region === undefined ? [] : [`region/${region}`]));
  const isOpen = (target: string): boolean =>
    !sharedWith.includes(target) && target !== `region/${workspace.homeRegion}`;
  const offered = isEnding ? sharedWith : [...people, ...new Set(regions)].filter(isOpen);
  const known = offered.map(item);
  const wanted = typed.trim();
  const isNew =
    !isEnding &&
    NAME.test(wanted) &&
    !known.some((one) => one.label === wanted || one.value.endsWith(`/${wanted}`));
  const account = { value: `user/${wanted}`, label: t('ticket.act.share.account', { id: wanted }) };
  // What is chosen is called by its name from then on. The field writes the name of what is chosen into the search: were it another one
  // there than here, each would answer the other without end.
  const typedIn = isNew ? [account, item(`region/${wanted}`)].filter((one) => one.value !== value) : [];
  const chosen = value === '' || known.some((one) => one.value === value) ? [] : [item(value)];
  return (
    <Select
      label={label}
      error={error}
      data-testid={testId}
      searchable
      openOnFocus={false}
      limit={100}
      placeholder={t('ticket.act.share.hint')}
      nothingFoundMessage={t('ticket.new.nothingFound')}
      searchValue={typed}
      onSearchChange={setTyped}
      value={value === '' ? null : value}
      data={[...known, ...chosen, ...typedIn]}
      onChange={(next) => onChange(next ?? '')}
    />
  );
}
