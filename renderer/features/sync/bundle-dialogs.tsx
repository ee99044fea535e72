import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type ReactNode, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import dialog from '../../components/dialog-form.module.css';
import { DialogFoot } from '../../components/dialog-foot.tsx';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { formatSize } from '../../components/format-size.ts';
import classes from './sync-page.module.css';

const SHORTEST = 8;

/** Everything unsent into one encrypted file, for a USB stick or a colleague. */
export function ExportBundle({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [done, setDone] = useState<string>();
  const write = async (): Promise<void> => {
    const { path, events, blobs, bytes } = await host.sync.exportBundle({ passphrase });
    const size = formatSize(bytes, i18n.language);
    setDone(
      t('sync.bundle.exported', {
        path,
        facts: t('sync.factsTitle', { count: events }),
        files: t('sync.blobsTitle', { count: blobs }),
        size,
      }),
    );
  };
  return (
    <BundleForm
      title={t('sync.bundle.export')}
      lead={t('sync.bundle.exportLead')}
      submit={t('sync.bundle.write')}
      isReady={passphrase.length >= SHORTEST && passphrase === again}
      done={done}
      onSubmit={write}
      onClose={onClose}
    >
      <PasswordInput
        label={t('sync.bundle.passphrase')}
        description={t('sync.bundle.passphraseHint', { count: SHORTEST })}
        value={passphrase}
        data-testid="bundle-passphrase"
        autoComplete="new-password"
        onChange={(event) => setPassphrase(event.currentTarget.value)}
      />
      <PasswordInput
        label={t('sync.bundle.again')}
        value={again}
        data-testid="bundle-again"
        autoComplete="new-password"
        error={again !== '' && again !== passphrase ? t('sync.bundle.differs') : undefined}
        onChange={(event) => setAgain(event.currentTarget.value)}
      />
    </BundleForm>
  );
}

/** Takes in such a file of any laptop; twice does no harm. */
export function ImportBundle({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { host, info } = useDesk();
  const [path, setPath] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [done, setDone] = useState<string>();
  const choose = async (): Promise<void> => {
    const picked = await host.app.pickFile({ title: t('sync.bundle.import') });
    if (picked.path !== null) setPath(picked.path);
  };
  const read = async (): Promise<void> => {
    const { events, known, blobs } = await host.sync.importBundle({ path: path.trim(), passphrase });
    setDone(
      t('sync.bundle.imported', {
        facts: t('sync.factsTitle', { count: events }),
        files: t('sync.blobsTitle', { count: blobs }),
        known,
      }),
    );
  };
  return (
    <BundleForm
      title={t('sync.bundle.import')}
      lead={t('sync.bundle.importLead')}
      submit={t('sync.bundle.read')}
      isReady={path.trim() !== '' && passphrase !== ''}
      done={done}
      onSubmit={read}
      onClose={onClose}
    >
      <TextInput
        label={t('sync.bundle.path')}
        value={path}
        data-testid="bundle-path"
        onChange={(event) => setPath(event.currentTarget.value)}
      />
      {info.capabilities.nativeDialogs && (
        <Button variant="default" size="xs" onClick={() => void choose().catch(tellTrouble)}>
          {t('sync.bundle.choose')}
        </Button>
      )}
      <PasswordInput
        label={t('sync.bundle.passphrase')}
        value={passphrase}
        data-testid="bundle-passphrase"
        onChange={(event) => setPassphrase(event.currentTarget.value)}
      />
    </BundleForm>
  );
}

interface BundleFormProps {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
  readonly isReady: boolean;
  readonly done: string | undefined;
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function BundleForm({ title, lead, submit, isReady, done, onSubmit, onClose, children }: BundleFormProps) {
  const { t } = useTranslation();
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const run = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setTrouble(undefined);
    try {
      await onSubmit();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <DialogFrame title={title} size={480} onClose={onClose}>
      <form className={dialog.form} onSubmit={(event) => void run(event)}>
        <p className={classes.note}>{lead}</p>
        {done === undefined && children}
        <p role="status" data-testid="bundle-result">
          {done}
        </p>
        <DialogFoot trouble={trouble} troubleId="bundle-trouble">
          <Button variant="default" onClick={onClose}>
            {t('app.close')}
          </Button>
          {done === undefined && (
            <Button type="submit" loading={isBusy} disabled={!isReady} data-testid="bundle-submit">
              {submit}
            </Button>
          )}
        </DialogFoot>
      </form>
    </DialogFrame>
  );
}
