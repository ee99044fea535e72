import { Button, Textarea } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TrustedCa } from '#shared/host/sync.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import classes from './access.module.css';

/** Private certificate authorities that vouch for the server: companies that issue their own certificates have one. */
export function TrustedAuthorities({ host, onAdded }: { host: HostClient; onAdded?: () => void }) {
  const { t, i18n } = useTranslation();
  const [cas, setCas] = useState<readonly TrustedCa[]>([]);
  const [isAdding, setAdding] = useState(false);
  const [pem, setPem] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const load = useCallback(async (): Promise<void> => setCas((await host.sync.trustedCas({})).cas), [host]);
  useEffect(() => {
    load().catch((thrown: unknown) => setTrouble(explainError(thrown)));
  }, [load]);
  const act = async (work: () => Promise<unknown>): Promise<void> => {
    setTrouble(undefined);
    try {
      await work();
      await load();
    } catch (thrown) {
      setTrouble(explainError(thrown));
    }
  };
  const add = (): void =>
    void act(async () => {
      await host.sync.addCa({ pem });
      setPem('');
      setAdding(false);
      onAdded?.();
    });
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' });
  return (
    <div data-testid="trusted-authorities">
      <p className={classes.note}>{t('settings.trust.note')}</p>
      {cas.length > 0 && (
        <ul className={classes.list}>
          {cas.map(({ fingerprint, subject, validTo }) => (
            <li key={fingerprint}>
              <span>
                {subject} · {t('settings.trust.until', { date: date.format(new Date(validTo)) })}
                <br />
                <span className={classes.print}>{fingerprint}</span>
              </span>
              <Button
                size="compact-xs"
                variant="subtle"
                color="gray"
                onClick={() => void act(() => host.sync.removeCa({ fingerprint }))}
              >
                {t('settings.vault.remove')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {isAdding ? (
        // No form: it also stands inside that of the first start.
        <div className={classes.form}>
          <Textarea
            label={t('settings.trust.pem')}
            placeholder="-----BEGIN CERTIFICATE-----"
            autosize
            required
            minRows={4}
            maxRows={10}
            value={pem}
            data-testid="ca-pem"
            classNames={{ input: classes.pem }}
            onChange={(event) => {
              setTrouble(undefined);
              setPem(event.currentTarget.value);
            }}
          />
          <Button size="xs" disabled={pem.trim() === ''} data-testid="ca-add" onClick={add}>
            {t('settings.trust.add')}
          </Button>
        </div>
      ) : (
        <Button size="xs" variant="default" mt={10} data-testid="ca-open" onClick={() => setAdding(true)}>
          {t('settings.trust.add')}
        </Button>
      )}
      {trouble !== undefined && (
        <p role="alert" className={classes.trouble}>
          {trouble}
        </p>
      )}
    </div>
  );
}
