import { Anchor } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import type { HostClient } from '../../host/connect.ts';
import { DialogFrame } from '../../components/dialog-frame.tsx';
import { formatSize } from '../../components/format-size.ts';
import type { Attachment } from './tell-event.ts';
import classes from './attachment.module.css';

/** An excerpt is read by a person: what is longer is opened with the log viewer, or saved. */
const TEXT_LIMIT = 512 * 1024;

type Content =
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean; readonly url: string }
  | { readonly kind: 'picture' | 'other'; readonly url: string }
  | { readonly kind: 'failed'; readonly why: string };

/** Shows a piece of evidence: text and pictures here, anything else to save. */
export function AttachmentViewer({ attachment, onClose }: { attachment: Attachment; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const { host } = useDesk();
  const [content, setContent] = useState<Content>();
  useEffect(() => {
    let isMounted = true;
    let url: string | undefined;
    void (async () => {
      try {
        const loaded = await load(host, attachment);
        url = 'url' in loaded ? loaded.url : undefined;
        if (isMounted) setContent(loaded);
        else if (url !== undefined) URL.revokeObjectURL(url);
      } catch (error) {
        if (isMounted) setContent({ kind: 'failed', why: explainError(error) });
      }
    })();
    return () => {
      isMounted = false;
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [host, attachment]);

  return (
    <DialogFrame
      size={780}
      title={`${t(`ticket.evidence.${attachment.kind}`)} · ${attachment.name}`}
      onClose={onClose}
    >
      <div className={classes.viewer} data-testid="attachment-viewer" data-kind={content?.kind ?? 'loading'}>
        {content === undefined && <p className={classes.note}>{t('ticket.viewer.loading')}</p>}
        {content?.kind === 'failed' && <p className={classes.note}>{content.why}</p>}
        {content?.kind === 'text' && (
          <pre className={classes.text} tabIndex={0}>
            {content.text}
          </pre>
        )}
        {content?.kind === 'text' && content.isCut && (
          <p className={classes.note}>
            {t('ticket.viewer.cut', { size: formatSize(TEXT_LIMIT, i18n.language) })}
          </p>
        )}
        {content?.kind === 'picture' && (
          <img className={classes.picture} src={content.url} alt={attachment.name} />
        )}
        {content?.kind === 'other' && <p className={classes.note}>{t('ticket.viewer.noPreview')}</p>}
        <div className={classes.foot}>
          <span className={classes.hash} title={t('ticket.viewer.hash')}>
            {attachment.sha256}
          </span>
          {content !== undefined && 'url' in content && (
            <Anchor href={content.url} download={attachment.name} size="xs">
              {t('ticket.viewer.download')}
            </Anchor>
          )}
        </div>
      </div>
    </DialogFrame>
  );
}

async function load(host: HostClient, { sha256, mediaType, source }: Attachment): Promise<Content> {
  await host.blobs.fetch({ sha256 });
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const { bytes } of host.blobs.open({ sha256 })) pieces.push(new Uint8Array(bytes));
  const blob = new Blob(pieces, { type: mediaType });
  const url = URL.createObjectURL(blob);
  if (mediaType.startsWith('image/')) return { kind: 'picture', url };
  if (!mediaType.startsWith('text/') && mediaType !== 'application/json') return { kind: 'other', url };
  const bytes = await blob.slice(0, TEXT_LIMIT).arrayBuffer();
  return { kind: 'text', text: decode(bytes, source?.encoding), isCut: blob.size > TEXT_LIMIT, url };
}

/** Excerpts are kept as the bytes they were on the device: their encoding says how to read them. */
function decode(bytes: ArrayBuffer, encoding: string | undefined): string {
  try {
    return new TextDecoder(encoding ?? 'utf-8').decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder().decode(bytes);
    throw error;
  }
}
