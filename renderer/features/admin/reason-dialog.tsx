import { Button, Checkbox, Textarea } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import classes from './admin-page.module.css';

interface ReasonDialogProps {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
  /** What went wrong the last time; the typed reason stays. */
  readonly trouble: string | undefined;
  /** Something that may be done besides; it is asked for only where there is one. */
  readonly besides?: { readonly label: string; readonly description: string };
  /** @returns whether it was done. */
  readonly onSubmit: (reason: string, isBesides: boolean) => Promise<boolean>;
  readonly onClose: () => void;
}

/** Asks why before something that others will want explained: the reason stands in the audit log. */
export function ReasonDialog({
  title,
  lead,
  submit,
  trouble,
  besides,
  onSubmit,
  onClose,
}: ReasonDialogProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const [isBesides, setBesides] = useState(false);
  const run = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (await onSubmit(reason.trim(), isBesides)) onClose();
  };
  return (
    <DialogFrame title={title} size={480} onClose={onClose}>
      <form className={dialog.form} onSubmit={(event) => void run(event)}>
        <p className={classes.note}>{lead}</p>
        <Textarea
          label={t('admin.reason')}
          required
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          data-testid="admin-reason"
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {besides !== undefined && (
          <Checkbox
            label={besides.label}
            description={besides.description}
            checked={isBesides}
            data-testid="admin-besides"
            onChange={(event) => setBesides(event.currentTarget.checked)}
          />
        )}
        <DialogFoot trouble={trouble}>
          <Button variant="default" onClick={onClose}>
            {t('app.close')}
          </Button>
          <Button type="submit" disabled={reason.trim() === ''} data-testid="admin-submit">
            {submit}
          </Button>
        </DialogFoot>
      </form>
    </DialogFrame>
  );
}
