import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface OpenChoiceProps {
  readonly label: string;
  readonly withAsterisk: boolean;
  readonly 'data-testid': string;
  readonly value: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

const OTHER = 'other';

/** One of the known ones, or, as the last of them, something in words of one's own. */
export function OpenChoice({ label, value, choices, onChange, ...common }: OpenChoiceProps) {
  const { t } = useTranslation();
  const isKnown = choices.some((choice) => choice.value === value);
  const [isOther, setOther] = useState(value !== '' && !isKnown);
  return (
    <>
      <Select
        {...common}
        label={label}
        searchable
        value={isOther ? OTHER : value === '' ? null : value}
        data={[...choices, { value: OTHER, label: t('site.otherKind') }]}
        onChange={(chosen) => {
          setOther(chosen === OTHER);
          onChange(chosen === OTHER ? '' : (chosen ?? ''));
        }}
      />
      {isOther && (
        <TextInput
          label={t('site.inYourWords')}
          withAsterisk={common.withAsterisk}
          value={value}
          data-testid={`${common['data-testid']}-other`}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </>
  );
}
