import { ActionIcon } from '@mantine/core';
import { CornerLeftUp, FileText, Folder } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import { formatSize } from '../../components/format-size.ts';
import classes from './log.module.css';

type Listing = Awaited<ReturnType<HostClient['logs']['listFolder']>>;

/** Shown of a folder at once; a folder with more is better reached by its path. */
const MOST_SHOWN = 500;

/** Walks the folders of this computer where there is no dialog of the operating system. */
export function FolderBrowser({
  onFile,
  onFolder,
}: {
  onFile: (path: string) => void;
  onFolder: (path: string) => void;
}) {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const [at, setAt] = useState<string>();
  const [listing, setListing] = useState<Listing>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let isMounted = true;
    const list = async (): Promise<void> => {
      try {
        const next = await host.logs.listFolder(at === undefined ? {} : { path: at });
        if (!isMounted) return;
        setListing(next);
        setFailure(undefined);
      } catch (thrown) {
        if (isMounted) setFailure(explainError(thrown));
      }
    };
    void list();
    return () => {
      isMounted = false;
    };
  }, [host, at]);

  const enter = (path: string): void => {
    setAt(path);
    onFolder(path);
  };
  const parent = listing?.parent ?? null;
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'short', timeStyle: 'short' });
  const shown = listing?.entries.filter(({ kind }) => kind !== 'other').slice(0, MOST_SHOWN) ?? [];
  return (
    <div className={classes.folder}>
      <div className={classes.folderHead}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          disabled={parent === null}
          aria-label={t('log.open.parent')}
          title={t('log.open.parent')}
          onClick={() => parent !== null && enter(parent)}
        >
          <CornerLeftUp size={15} />
        </ActionIcon>
        <span className={classes.mono}>{listing?.path}</span>
      </div>
      {failure !== undefined && (
        <p role="alert" className={classes.failure}>
          {failure}
        </p>
      )}
      <ul className={classes.entries} aria-label={t('log.open.folder')}>
        {shown.map(({ name, kind, size, mtimeMs }) => (
          <li key={name}>
            <button
              type="button"
              className={classes.entry}
              data-testid="log-entry"
              onClick={() => {
                const path = childPath(listing?.path ?? '', name);
                if (kind === 'folder') enter(path);
                else onFile(path);
              }}
            >
              {kind === 'folder' ? (
                <Folder size={14} aria-label={t('log.open.isFolder')} />
              ) : (
                <FileText size={14} aria-hidden />
              )}
              <span className={classes.entryName}>{name}</span>
              <span className={classes.entryFact}>
                {kind === 'file' ? formatSize(size, i18n.language) : ''}
              </span>
              <span className={classes.entryFact}>{date.format(mtimeMs)}</span>
            </button>
          </li>
        ))}
      </ul>
      {listing !== undefined && shown.length === 0 && (
        <p className={classes.hint}>{t('log.open.emptyFolder')}</p>
      )}
      {listing !== undefined && (listing.more || listing.entries.length > MOST_SHOWN) && (
        <p className={classes.hint}>{t('log.open.moreEntries', { count: MOST_SHOWN })}</p>
      )}
    </div>
  );
}

/** Joins with the separator that the host's own path shows. */
function childPath(folder: string, name: string): string {
  const separator = folder.includes('\\') && !folder.startsWith('/') ? '\\' : '/';
  return folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`;
}
