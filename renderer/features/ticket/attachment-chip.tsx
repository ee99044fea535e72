import { FileText, Image, PenLine, Play, ScrollText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { useView } from '../../stores/view.ts';
import type { Attachment } from './tell-event.ts';
import { formatDuration } from '../../components/format-duration.ts';
import classes from './attachment.module.css';

const ICONS = {
  recording: Play,
  excerpt: ScrollText,
  photo: Image,
  document: FileText,
  signature: PenLine,
  file: FileText,
} as const;

interface ChipProps {
  readonly attachment: Attachment;
  readonly ticket: Pick<TicketState, 'id'>;
  readonly onShow: (attachment: Attachment) => void;
}

/** A piece of evidence one can open: a recording plays in the dock, the rest shows at once. */
export function AttachmentChip({ attachment, ticket, onShow }: ChipProps) {
  const { t } = useTranslation();
  const openTab = useView((state) => state.openTab);
  const Icon = ICONS[attachment.kind];
  const durationMs = attachment.source?.durationMs;
  const open = (): void => {
    if (attachment.kind !== 'recording') return onShow(attachment);
    openTab({
      id: `player/${attachment.sha256}`,
      kind: 'player',
      ticketId: ticket.id,
      title: attachment.name,
      params: { sha256: attachment.sha256 },
    });
  };
  return (
    <button
      type="button"
      className={classes.chip}
      data-testid="attachment"
      data-kind={attachment.kind}
      title={t('ticket.viewer.open', { name: attachment.name })}
      onClick={open}
    >
      <Icon size={12} aria-hidden />
      <span>
        {t(`ticket.evidence.${attachment.kind}`)} · {attachment.name}
      </span>
      {durationMs !== undefined && <span>{formatDuration(durationMs)}</span>}
    </button>
  );
}
