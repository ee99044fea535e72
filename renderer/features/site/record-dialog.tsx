import { Button, FileInput, Select, Textarea, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { decideDirectory } from '#shared/domain/directory/decide.ts';
import { decideContext, saveDecision, useDesk } from '../../app/desk.ts';
import { explainError, explainRefusal } from '../../app/explain.ts';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { keepBytes } from '../../host/keep-bytes.ts';
import { OpenChoice } from './open-choice.tsx';
import { commandOf, fieldsOf, startValues, type FieldSpec, type RecordForm } from './record-forms.ts';

/** A drawing or a configuration, not a video: what one wants to have on every laptop. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Asks for a customer, a site, an asset … and writes it down. */
export function RecordDialog({ form, onClose }: { form: RecordForm; onClose: () => void }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const [values, setValues] = useState(() => startValues(form));
  const [file, setFile] = useState<File | null>(null);
  const [problem, setProblem] = useState<string>();
  const [isSaving, setSaving] = useState(false);
  const fields = fieldsOf(form);
  const isFilled = fields.every(
    ({ name, as, isRequired }) =>
      isRequired !== true || (as === 'file' ? file !== null : (values[name] ?? '').trim() !== ''),
  );

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setSaving(true);
    setProblem(undefined);
    try {
      if (file !== null && file.size > MAX_FILE_BYTES) {
        setProblem(t('site.fileTooLarge', { name: file.name }));
        return;
      }
      const kept = file === null ? undefined : await keep(file);
      const decision = await saveDecision(
        desk,
        decideDirectory(commandOf(form, values, kept), decideContext(desk)),
      );
      if (decision.ok) onClose();
      else setProblem(explainRefusal(decision.refusal));
    } catch (thrown) {
      setProblem(explainError(thrown));
    } finally {
      setSaving(false);
    }
  };
  const keep = async (chosen: File): Promise<{ sha256: string; size: number; name: string }> => {
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    return { ...(await keepBytes(desk.host, bytes)), name: chosen.name };
  };

  return (
    <DialogFrame title={t(`site.form.${form.kind}`)} size={520} onClose={onClose}>
      <form className={dialog.form} data-testid="record-form" onSubmit={(event) => void submit(event)}>
        {fields.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            file={file}
            onFile={setFile}
            onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        <DialogFoot trouble={problem} troubleId="record-problem">
          <Button variant="default" onClick={onClose}>
            {t('site.cancel')}
          </Button>
          <Button type="submit" loading={isSaving} disabled={!isFilled} data-testid="record-save">
            {t('site.save')}
          </Button>
        </DialogFoot>
      </form>
    </DialogFrame>
  );
}

interface FieldProps {
  readonly field: FieldSpec;
  readonly value: string;
  readonly file: File | null;
  readonly onChange: (value: string) => void;
  readonly onFile: (file: File | null) => void;
}

function Field({ field, value, file, onChange, onFile }: FieldProps) {
  const { t } = useTranslation();
  const { name, as, choices = [] } = field;
  const named = choices.map((choice) => ({
    value: choice.value,
    label: choice.label ?? t(choice.text ?? '', choice.values),
  }));
  const common = {
    label: t(`site.field.${name}`),
    withAsterisk: field.isRequired === true,
    'data-testid': `field-${name}`,
    ...(field.hasHelp === true && { description: t(`site.help.${name}`) }),
  };
  switch (as) {
    case 'text':
      return (
        <Textarea
          {...common}
          autosize
          minRows={3}
          maxRows={10}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          value={value === '' ? null : value}
          data={named}
          onChange={(chosen) => onChange(chosen ?? '')}
        />
      );
    case 'openChoice':
      return <OpenChoice {...common} value={value} choices={named} onChange={onChange} />;
    case 'file':
      return <FileInput {...common} value={file} placeholder={t('site.chooseFile')} onChange={onFile} />;
    default:
      return (
        <TextInput
          {...common}
          type={as === 'day' ? 'date' : 'text'}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
