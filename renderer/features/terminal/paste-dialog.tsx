import { Button, Group, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { hasUnseen, pasteLines, showUnseen } from './paste-guard.ts';
import classes from './terminal.module.css';

const SHOWN_LINES = 200;

/** Shows what is about to be typed into a device that has no undo. `text` is sanitised already. */
export function PasteDialog({
  text,
  onSend,
  onCancel,
}: {
  text: string;
  onSend: (text: string) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const lines = pasteLines(text);
  const first = lines[0] ?? '';
  return (
    <Modal
      opened
      onClose={onCancel}
      title={t('terminal.paste.title', { count: lines.length })}
      size={640}
      data-testid="paste-dialog"
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <p className={classes.sentence}>{t('terminal.paste.meaning')}</p>
      {hasUnseen(text) && <p className={classes.warning}>{t('terminal.paste.unseen')}</p>}
      <ol className={classes.pasteLines} tabIndex={0} aria-label={t('terminal.paste.preview')}>
        {lines.slice(0, SHOWN_LINES).map((line, index) => (
          // Lines never change while the dialog is open.
          <li key={index}>{showUnseen(line)}</li>
        ))}
      </ol>
      {lines.length > SHOWN_LINES && (
        <p className={classes.hint}>{t('terminal.paste.more', { count: lines.length - SHOWN_LINES })}</p>
      )}
      <Group gap={8} justify="flex-end">
        <Button variant="default" data-autofocus onClick={onCancel}>
          {t('app.cancel')}
        </Button>
        {first !== '' && (
          <Button variant="default" data-testid="paste-first" onClick={() => onSend(first)}>
            {t('terminal.paste.firstOnly')}
          </Button>
        )}
        <Button data-testid="paste-send" onClick={() => onSend(text)}>
          {t('terminal.paste.send', { count: lines.length })}
        </Button>
      </Group>
    </Modal>
  );
}
