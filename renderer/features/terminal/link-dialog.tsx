import { Button, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import classes from './terminal.module.css';

/** Asks before an address that a device wrote is opened outside, and shows where it really leads. */
export function LinkDialog({ url, onClose }: { url: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [failure, setFailure] = useState<string>();
  const open = async (): Promise<void> => {
    try {
      await host.app.openExternal({ url });
      onClose();
    } catch (thrown) {
      setFailure(explainError(thrown));
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('terminal.link.title')}
      size={560}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <p className={classes.sentence}>{t('terminal.link.meaning')}</p>
      <p className={classes.fingerprint}>{url}</p>
      {failure !== undefined && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      <Group gap={8} justify="flex-end">
        <Button variant="default" data-autofocus onClick={onClose}>
          {t('app.cancel')}
        </Button>
        <Button onClick={() => void open()}>{t('terminal.link.open')}</Button>
      </Group>
    </Modal>
  );
}
