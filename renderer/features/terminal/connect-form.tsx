import { Button, Checkbox, Group, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AssetState } from '#shared/domain/directory/state.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { currentConsent } from '#shared/domain/ticket/guards.ts';
import { presentInstant } from '../../components/present-time.ts';
import { ConsentSection } from './consent-section.tsx';
import { CredentialField } from './credential-field.tsx';
import classes from './terminal.module.css';

export type Charset = 'utf-8' | 'gb18030';

/** Where and how to connect. */
export interface ConnectWish {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly credentialId: string | null;
  readonly charset: Charset;
  readonly legacyAlgorithms: boolean;
}

interface Props {
  readonly ticket: TicketState;
  readonly asset: AssetState | undefined;
  readonly now: string;
  /** What was connected to before in this tab. */
  readonly start: ConnectWish | undefined;
  readonly isConnecting: boolean;
  /** Why the last try failed, in words. */
  readonly failure: string | undefined;
  /** The last try failed for want of a common algorithm. */
  readonly offersLegacy: boolean;
  readonly onConnect: (wish: ConnectWish) => void;
  readonly onCancel: () => void;
  readonly onEmergency: (host: string, reason: string) => Promise<void>;
}

/** Where to connect, as whom and why: filled from the ticket's asset, never connecting without a ground. */
export function ConnectForm({
  ticket,
  asset,
  now,
  start,
  isConnecting,
  failure,
  offersLegacy,
  onConnect,
  onCancel,
  onEmergency,
}: Props) {
  const { t } = useTranslation();
  // What was typed; the asset's address stands where nothing was.
  const [typed, setTyped] = useState<Partial<ConnectWish>>(start ?? {});
  const patch = useCallback(
    (next: Partial<ConnectWish>) => setTyped((before) => ({ ...before, ...next })),
    [],
  );
  const host = typed.host ?? asset?.address?.host ?? '';
  const port = typed.port ?? asset?.address?.port ?? 22;
  const username = typed.username ?? asset?.address?.username ?? '';
  const charset = typed.charset ?? 'utf-8';
  const legacyAlgorithms = typed.legacyAlgorithms ?? false;
  const isReady = host.trim() !== '' && username.trim() !== '' && port >= 1 && port <= 65_535;
  const chooseCredential = useCallback(
    (credentialId: string, owner: string | undefined) =>
      patch({ credentialId, ...(owner !== undefined && { username: owner }) }),
    [patch],
  );

  return (
    <form
      className={classes.form}
      aria-label={t('terminal.connect.title')}
      data-testid="terminal-form"
      onSubmit={(event) => {
        event.preventDefault();
        const credentialId = typed.credentialId ?? '';
        if (isReady && currentConsent(ticket, presentInstant()) !== undefined) {
          onConnect({
            host: host.trim(),
            port,
            username: username.trim(),
            credentialId: credentialId === '' ? null : credentialId,
            charset,
            legacyAlgorithms,
          });
        }
      }}
    >
      <ConsentSection ticket={ticket} now={now} onEmergency={(reason) => onEmergency(host, reason)} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <div className={classes.address}>
            <TextInput
              label={t('terminal.connect.host')}
              value={host}
              required
              spellCheck={false}
              autoComplete="off"
              maxLength={255}
              data-testid="terminal-host"
              onChange={(event) => patch({ host: event.currentTarget.value })}
            />
            <NumberInput
              label={t('terminal.connect.port')}
              value={port}
              min={1}
              max={65_535}
              allowDecimal={false}
              hideControls
              data-testid="terminal-port"
              onChange={(value) => patch({ port: Number(value) })}
            />
            <TextInput
              label={t('terminal.connect.user')}
              value={username}
              required
              spellCheck={false}
              autoComplete="off"
              maxLength={255}
              data-testid="terminal-user"
              onChange={(event) => patch({ username: event.currentTarget.value })}
            />
          </div>
          <div>
            <span className={classes.label} id="terminal-charset">
              {t('terminal.charset.label')}
            </span>
            <SegmentedControl
              size="xs"
              aria-labelledby="terminal-charset"
              data-testid="terminal-charset"
              value={charset}
              onChange={(value) => patch({ charset: value as Charset })}
              data={[
                { value: 'utf-8', label: 'UTF-8' },
                { value: 'gb18030', label: 'GB18030 (GBK, GB2312)' },
              ]}
            />
          </div>
          {(offersLegacy || legacyAlgorithms) && (
            <Checkbox
              label={t('terminal.connect.legacy')}
              description={t('terminal.connect.legacyHint')}
              checked={legacyAlgorithms}
              data-testid="terminal-legacy"
              onChange={(event) => patch({ legacyAlgorithms: event.currentTarget.checked })}
            />
          )}
          {failure !== undefined && (
            <p role="alert" className={classes.failure} data-testid="terminal-failure">
              {failure}
            </p>
          )}
          <Group gap={8} className={classes.submit}>
            <Button
              type="submit"
              loading={isConnecting}
              disabled={!isReady || currentConsent(ticket, now) === undefined}
              data-testid="terminal-connect"
            >
              {t('terminal.connect.connect')}
            </Button>
            {isConnecting && (
              <Button variant="default" data-testid="terminal-cancel" onClick={onCancel}>
                {t('app.cancel')}
              </Button>
            )}
          </Group>
        </div>
        <div className={classes.column}>
          <CredentialField
            host={host}
            username={username}
            value={typed.credentialId ?? undefined}
            onChange={chooseCredential}
          />
        </div>
      </div>
    </form>
  );
}
