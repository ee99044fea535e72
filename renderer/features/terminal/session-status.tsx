import { ActionIcon, Button, Menu, NativeSelect, Popover } from '@mantine/core';
import { Check, KeyRound, Search, Settings2, Unplug } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionFacts } from '#shared/host/ssh.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { useLaptopNow } from '../../components/use-now.ts';
import type { Charset } from './connect-form.tsx';
import { formatDuration } from '../../components/format-duration.ts';
import { clockOffsets } from './keep-recording.ts';
import { FONT_SIZES, useTerminalSettings } from './terminal-settings.ts';
import classes from './terminal.module.css';

interface Props {
  readonly tabId: string;
  readonly session: SessionFacts;
  readonly charset: Charset;
  readonly isOver: boolean;
  readonly onCharset: (charset: Charset) => void;
  readonly onDisconnect: () => void;
}

/** What is known of the connection, in one line under the screen. */
export function SessionStatus({ tabId, session, charset, isOver, onCharset, onDisconnect }: Props) {
  const { t } = useTranslation();
  const { connection } = session;
  const settings = useTerminalSettings();
  return (
    <div className={classes.status} role="group" aria-label={t('terminal.status.label')}>
      {!isOver && <Recording since={session.startedAt} />}
      <span className={classes.statusText}>
        {connection.username}@{connection.host}:{connection.port}
      </span>
      <ConnectionFacts session={session} />
      {!isOver && <DeviceClock sessionId={session.sessionId} />}
      <span className={classes.statusEnd}>
        <NativeSelect
          size="xs"
          variant="unstyled"
          classNames={{ input: classes.statusSelect }}
          aria-label={t('terminal.charset.label')}
          value={charset}
          disabled={isOver}
          data-testid="terminal-charset-switch"
          onChange={(event) => onCharset(event.currentTarget.value as Charset)}
          data={[
            { value: 'utf-8', label: 'UTF-8' },
            { value: 'gb18030', label: 'GB18030' },
          ]}
        />
        <ActionIcon
          variant="transparent"
          className={classes.statusButton}
          size="sm"
          aria-label={t('terminal.command.search')}
          title={t('terminal.command.search')}
          onClick={() => settings.set({ searchTabId: tabId })}
        >
          <Search size={15} />
        </ActionIcon>
        <Menu position="top-end" shadow="md">
          <Menu.Target>
            <ActionIcon
              variant="transparent"
              className={classes.statusButton}
              size="sm"
              aria-label={t('terminal.look.label')}
              title={t('terminal.look.label')}
            >
              <Settings2 size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{t('terminal.look.fontSize')}</Menu.Label>
            {FONT_SIZES.map((size) => (
              <Menu.Item
                key={size}
                leftSection={<Tick on={settings.fontSize === size} />}
                onClick={() => settings.set({ fontSize: size })}
              >
                {size} px
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item
              leftSection={<Tick on={settings.renderer === 'auto'} />}
              onClick={() => settings.set({ renderer: settings.renderer === 'auto' ? 'dom' : 'auto' })}
            >
              {t('terminal.look.graphicsCard')}
            </Menu.Item>
            <Menu.Item
              leftSection={<Tick on={settings.screenReader} />}
              onClick={() => settings.set({ screenReader: !settings.screenReader })}
            >
              {t('terminal.look.screenReader')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {!isOver && (
          <Button
            variant="transparent"
            className={classes.statusButton}
            size="compact-xs"
            leftSection={<Unplug size={14} aria-hidden />}
            data-testid="terminal-disconnect"
            onClick={onDisconnect}
          >
            {t('terminal.disconnect')}
          </Button>
        )}
      </span>
    </div>
  );
}

function Tick({ on }: { on: boolean }) {
  return on ? <Check size={14} aria-hidden /> : <span className={classes.noTick} />;
}

/** Ticks by itself, so that a second costs no more than these figures. */
function Recording({ since }: { since: string }) {
  const { t } = useTranslation();
  const now = useLaptopNow(1000);
  return (
    <span
      className={classes.statusText}
      title={t('terminal.status.recordingMeaning')}
      data-testid="terminal-recording"
    >
      <span className={classes.recordingDot} aria-hidden />
      {t('terminal.status.recording', { time: formatDuration(Math.max(0, now - Date.parse(since))) })}
    </span>
  );
}

function ConnectionFacts({ session: { connection, ground } }: { session: SessionFacts }) {
  const { t } = useTranslation();
  const { hostKey } = connection;
  const facts: ReadonlyArray<readonly [string, string]> = [
    [t('terminal.facts.hostKey'), `${hostKey.algorithm}\n${hostKey.fingerprint}`],
    [
      t('terminal.facts.encryption'),
      `${connection.kex} · ${connection.cipher}${connection.mac === '' ? '' : ` · ${connection.mac}`}`,
    ],
    [t('terminal.facts.strictKex'), t(connection.strictKex ? 'terminal.facts.yes' : 'terminal.facts.no')],
    [t('terminal.facts.server'), connection.serverVersion],
    [
      t('terminal.facts.ground'),
      ground.kind === 'emergency'
        ? t('terminal.facts.emergency', { reason: ground.reason })
        : t('terminal.facts.consent'),
    ],
  ];
  return (
    <Popover position="top-start" shadow="md" width={460} trapFocus>
      <Popover.Target>
        <Button
          variant="transparent"
          className={classes.statusButton}
          size="compact-xs"
          leftSection={<KeyRound size={13} aria-hidden />}
          data-testid="terminal-facts"
        >
          {t('terminal.status.hostKeyOk')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <dl className={classes.facts}>
          {facts.map(([label, value]) => (
            <div key={label} className={classes.fact}>
              <dt>{label}</dt>
              <dd className={classes.fingerprint}>{value}</dd>
            </div>
          ))}
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}

/** The device's clock against ours, asked once: it goes with the recording, so that times can be compared. */
function DeviceClock({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const [shown, setShown] = useState<{ text: string; title: string }>();
  useEffect(() => {
    let isMounted = true;
    const ask = async (): Promise<void> => {
      try {
        const offset = await host.ssh.clockOffset({ sessionId });
        if (offset !== null) clockOffsets.set(sessionId, offset.offsetMs);
        if (!isMounted) return;
        if (offset === null)
          setShown({ text: t('terminal.status.noClock'), title: t('terminal.status.noClockMeaning') });
        else {
          const seconds = Math.round(offset.offsetMs / 100) / 10;
          const signed = `${seconds > 0 ? '+' : seconds < 0 ? '−' : '±'}${Math.abs(seconds).toFixed(1)}`;
          setShown({
            text: t('terminal.status.clock', { seconds: signed }),
            title: t('terminal.status.clockMeaning', {
              uncertainty: (offset.uncertaintyMs / 1000).toFixed(1),
            }),
          });
        }
      } catch (thrown) {
        if (isMounted) setShown({ text: t('terminal.status.noClock'), title: explainError(thrown) });
      }
    };
    void ask();
    return () => {
      isMounted = false;
    };
  }, [host, sessionId, t]);
  return shown === undefined ? null : (
    <span className={classes.statusText} title={shown.title}>
      {shown.text}
    </span>
  );
}
