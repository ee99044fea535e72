import { Button, Textarea, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Unsynced } from '#shared/host/sync.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { explainVerdict } from './explain-verdict.ts';
import { readFields, writeFields } from './fact-fields.ts';
import classes from './sync-page.module.css';

/** Corrects a refused fact: what it says stands in the fields, and a new fact takes its place. */
export function ResendDialog({ item, onClose }: { item: Unsynced; onClose: () => void }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const { event, verdict } = item;
  const fields = readFields(event.data);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(fields.map(({ name, text }) => [name, text])),
  );
  const [trouble, setTrouble] = useState<string>();
  const submit = async (submitted: SyntheticEvent): Promise<void> => {
    submitted.preventDefault();
    setTrouble(undefined);
    const data = writeFields(event.data, texts);
    if (data === undefined) {
      setTrouble(t('sync.resend.unreadable'));
      return;
    }
    try {
      await host.sync.resend({ eventId: event.id, data });
      onClose();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    }
  };
  return (
    <DialogFrame title={t('sync.resend.title')} size={520} onClose={onClose}>
      <form className={dialog.form} onSubmit={(submitted) => void submit(submitted)}>
        {verdict !== null && <p>{explainVerdict(verdict, t)}</p>}
        <p className={classes.note}>{t('sync.resend.lead')}</p>
        {fields.map(({ name, isLong }) => {
          const Input = isLong ? Textarea : TextInput;
          return (
            <Input
              key={name}
              label={t(`sync.fact.${name}`, { defaultValue: name })}
              value={texts[name] ?? ''}
              data-testid={`resend-${name}`}
              onChange={(changed) => {
                const { value } = changed.currentTarget;
                setTexts((before) => ({ ...before, [name]: value }));
              }}
            />
          );
        })}
        {fields.length === 0 && <p>{t('sync.resend.nothing')}</p>}
        <DialogFoot trouble={trouble}>
          <Button variant="default" onClick={onClose}>
            {t('app.close')}
          </Button>
          <Button type="submit" data-testid="resend-submit">
            {t('sync.resend.send')}
          </Button>
        </DialogFoot>
      </form>
    </DialogFrame>
  );
}
