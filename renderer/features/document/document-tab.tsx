import { Button, FileButton, SegmentedControl } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordLanguage } from '#shared/domain/report/service-record.ts';
import type { Evidence } from '#shared/domain/ticket/state.ts';
import { actOnTicket } from '../../app/act.ts';
import { useDesk } from '../../app/desk.ts';
import { explainRefusal } from '../../app/explain.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { useEntity } from '../../app/use-live.ts';
import { keepBytes, offerDownload, readBytes } from '../../host/keep-bytes.ts';
import type { DockTab } from '../../stores/view.ts';
import classes from './document-tab.module.css';
import { makeServiceRecord } from './make-service-record.ts';

/** The papers and photos of a ticket, and the service record made from its facts. */
export function DocumentTab({ tab }: { tab: DockTab }) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const ticket = useEntity('ticket', tab.ticketId);
  const [language, setLanguage] = useState<RecordLanguage>(i18n.language === 'en' ? 'en' : 'zh-CN');
  const [isMaking, setMaking] = useState(false);
  if (ticket === undefined) return <p className={classes.hint}>{t('app.dock.noTicket')}</p>;

  const make = async (): Promise<void> => {
    setMaking(true);
    try {
      const { decision, pages } = await makeServiceRecord(desk, ticket, language);
      notifications.show({
        message: decision.ok ? t('document.made', { pages }) : explainRefusal(decision.refusal),
      });
    } catch (thrown) {
      tellTrouble(thrown);
    } finally {
      setMaking(false);
    }
  };
  const addPhoto = async (file: File | null): Promise<void> => {
    if (file === null) return;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const mediaType = pictureType(bytes);
      if (mediaType === undefined) {
        notifications.show({ message: t('document.notImage') });
        return;
      }
      const kept = await keepBytes(desk.host, bytes);
      await actOnTicket(desk, ticket.id, {
        do: 'attach',
        data: { kind: 'photo', name: file.name.slice(0, 200), ...kept, mediaType },
      });
      notifications.show({ message: t('document.photoAdded') });
    } catch (thrown) {
      tellTrouble(thrown);
    }
  };
  const open = async (item: Evidence): Promise<void> => {
    try {
      offerDownload(await readBytes(desk.host, item.data.sha256), item.data.name, item.data.mediaType);
    } catch (thrown) {
      tellTrouble(thrown);
    }
  };
  const files = ticket.evidence
    .filter(({ data }) => data.kind === 'document' || data.kind === 'photo')
    .toReversed();
  const format = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'short', timeStyle: 'short' });

  return (
    <div className={classes.tab} data-testid="document-tab">
      <section className={classes.make}>
        <h3>{t('document.title')}</h3>
        <p>{t('document.lead')}</p>
        <SegmentedControl
          aria-label={t('document.language')}
          data-testid="document-language"
          value={language}
          data={[
            { value: 'zh-CN', label: '中文' },
            { value: 'en', label: 'English' },
            { value: 'both', label: t('document.both') },
          ]}
          onChange={(value) => setLanguage(value as RecordLanguage)}
        />
        <div className={classes.row}>
          <Button loading={isMaking} data-testid="document-make" onClick={() => void make()}>
            {t('document.make')}
          </Button>
          <FileButton
            accept="image/jpeg,image/png"
            onChange={(file) => void addPhoto(file)}
            inputProps={{ 'data-testid': 'photo-input' } as React.ComponentProps<'input'>}
          >
            {(props) => (
              <Button {...props} variant="default" data-testid="photo-add">
                {t('document.addPhoto')}
              </Button>
            )}
          </FileButton>
        </div>
      </section>
      <section className={classes.files}>
        <h3>{t('document.files')}</h3>
        {files.length === 0 && <p>{t('document.none')}</p>}
        <ul>
          {files.map((item) => (
            <li key={item.eventId} data-testid="document-row" data-sha256={item.data.sha256}>
              <span>
                {item.data.name}{' '}
                <small>
                  {format.format(new Date(item.at))} · {Math.ceil(item.data.size / 1024)} KB
                </small>
              </span>
              <Button size="compact-xs" variant="subtle" onClick={() => void open(item)}>
                {t('document.open')}
              </Button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

/** What the bytes say they are; a file's name proves nothing. */
function pictureType(bytes: Uint8Array): 'image/jpeg' | 'image/png' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return 'image/png';
  return undefined;
}
