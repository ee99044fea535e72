import { Button, Group, TextInput } from '@mantine/core';
import { KeyRound, ShieldX } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { KnownHost, OfferedKey } from './host-key.ts';
import classes from './terminal.module.css';

interface Props {
  readonly host: string;
  readonly port: number;
  readonly offered: OfferedKey;
  /** The keys this host was trusted with before; none for a host that is new here. */
  readonly known: readonly KnownHost[];
  readonly onTrust: (reason: string | undefined) => void;
  readonly onCancel: () => void;
}

/**
 * Asks about a host key before anything but the key exchange has happened. A changed key is the one sign
 * of somebody in between, so it takes a reason and the typed name of the host; leaving is always the easy way.
 */
export function HostKeyCard({ host, port, offered, known, onTrust, onCancel }: Props) {
  const { t, i18n } = useTranslation();
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const [isReplacing, setIsReplacing] = useState(false);
  const isChanged = known.length > 0;
  const address = `${host}:${port}`;
  const when = (instant: string): string =>
    new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(
      new Date(instant),
    );

  return (
    <section
      className={classes.card}
      data-changed={isChanged}
      data-testid="host-key"
      role={isChanged ? 'alert' : 'group'}
      aria-labelledby="host-key-title"
    >
      <h3 id="host-key-title" className={classes.cardTitle}>
        {isChanged ? <ShieldX size={20} aria-hidden /> : <KeyRound size={20} aria-hidden />}
        {t(isChanged ? 'terminal.hostKey.changed' : 'terminal.hostKey.unknown', { address })}
      </h3>
      <p className={classes.sentence}>
        {t(isChanged ? 'terminal.hostKey.changedMeaning' : 'terminal.hostKey.unknownMeaning')}
      </p>
      <dl className={classes.facts}>
        {known.map((key) => (
          <Fingerprint
            key={key.fingerprint}
            label={t('terminal.hostKey.before')}
            algorithm={key.algorithm}
            fingerprint={key.fingerprint}
            note={t('terminal.hostKey.trusted', { when: when(key.trustedAt), who: key.trustedBy ?? '–' })}
          />
        ))}
        <Fingerprint
          label={t(isChanged ? 'terminal.hostKey.now' : 'terminal.hostKey.fingerprint')}
          algorithm={offered.algorithm}
          fingerprint={offered.fingerprint}
          testId="host-key-fingerprint"
        />
      </dl>
      {isChanged && isReplacing && (
        <div className={`${classes.columns} ${classes.replacing}`}>
          <TextInput
            autoFocus
            label={t('terminal.hostKey.reason')}
            value={reason}
            maxLength={500}
            data-testid="host-key-reason"
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <TextInput
            label={t('terminal.hostKey.typeHost', { host })}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            data-testid="host-key-typed"
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </div>
      )}
      <Group gap={8}>
        <Button
          variant={isChanged ? 'filled' : 'default'}
          color="gray"
          autoFocus
          data-autofocus
          data-testid="host-key-cancel"
          onClick={onCancel}
        >
          {t('terminal.hostKey.cancel')}
        </Button>
        {!isChanged && (
          <Button data-testid="host-key-trust" onClick={() => onTrust(undefined)}>
            {t('terminal.hostKey.trust')}
          </Button>
        )}
        {isChanged && !isReplacing && (
          <Button
            variant="subtle"
            color="gray"
            data-testid="host-key-replace"
            onClick={() => setIsReplacing(true)}
          >
            {t('terminal.hostKey.replace')}
          </Button>
        )}
        {isChanged && isReplacing && (
          <Button
            className={classes.danger}
            disabled={typed.trim() !== host || reason.trim() === ''}
            data-testid="host-key-replace-confirm"
            onClick={() => onTrust(reason.trim())}
          >
            {t('terminal.hostKey.replaceNow')}
          </Button>
        )}
      </Group>
    </section>
  );
}

function Fingerprint({
  label,
  algorithm,
  fingerprint,
  note,
  testId,
}: {
  label: string;
  algorithm: string;
  fingerprint: string;
  note?: string;
  testId?: string;
}) {
  return (
    <div className={classes.fact}>
      <dt>
        {label} <span className={classes.dim}>{algorithm}</span>
      </dt>
      <dd className={classes.fingerprint} data-testid={testId}>
        {fingerprint}
      </dd>
      {note !== undefined && <dd className={classes.dim}>{note}</dd>}
    </div>
  );
}
