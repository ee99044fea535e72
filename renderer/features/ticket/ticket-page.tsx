import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { keyLabel } from '../../app/commands.ts';
import { useDesk } from '../../app/desk.ts';
import { useEntity } from '../../app/use-live.ts';
import { useView } from '../../stores/view.ts';
import { AttachmentViewer } from './attachment-viewer.tsx';
import { deviceZone } from '../../components/format-time.ts';
import { Instant } from './instant.tsx';
import { perform } from './perform.ts';
import { PromiseStrip } from './promise-strip.tsx';
import { SidePanel } from './side-panel.tsx';
import { StepBar } from './step-bar.tsx';
import type { Attachment } from './tell-event.ts';
import { TicketHeader } from './ticket-header.tsx';
import { Timeline } from './timeline.tsx';
import { ToolButtons } from './tool-buttons.tsx';
import { useDirectory } from './use-ticket-names.ts';
import classes from './ticket-page.module.css';

/** The selected ticket: what burns, what is promised until when, what to do next. */
export function TicketPage() {
  const { t } = useTranslation();
  const ticketId = useView((state) => state.ticketId);
  const openDialog = useView((state) => state.openDialog);
  const ticket = useEntity('ticket', ticketId);
  if (ticketId === undefined) {
    return (
      <div className={classes.nothing} data-testid="no-ticket">
        <h1>{t('ticket.page.nothingTitle')}</h1>
        <p>{t('ticket.page.nothing')}</p>
        <Button
          variant="default"
          rightSection={<kbd>{keyLabel('n')}</kbd>}
          onClick={() => openDialog({ kind: 'newTicket' })}
        >
          {t('ticket.page.new')}
        </Button>
      </div>
    );
  }
  // While the next ticket is read, which takes a few milliseconds, the last one stays: no flash in between.
  if (ticket === undefined || !ticket.isOpened)
    return (
      <p className={classes.loading} aria-busy="true">
        {t('ticket.page.loading')}
      </p>
    );
  return <Ticket key={ticket.id} ticket={ticket} />;
}

function Ticket({ ticket }: { ticket: TicketState }) {
  const directory = useDirectory();
  const { sites, nameOf } = directory;
  const zone = sites.find((site) => site.id === ticket.siteId)?.zone ?? deviceZone();
  const [shown, setShown] = useState<Attachment>();
  return (
    <article className={classes.page} data-testid="ticket-page" data-ticket={ticket.id}>
      <TicketHeader ticket={ticket} nameOf={nameOf} />
      <div className={classes.line}>
        <StepBar ticket={ticket} zone={zone} nameOf={nameOf} />
      </div>
      <Banner ticket={ticket} zone={zone} />
      <PromiseStrip ticket={ticket} zone={zone} />
      <div className={classes.tools}>
        <ToolButtons ticket={ticket} />
      </div>
      <div className={classes.middle}>
        <Timeline ticket={ticket} zone={zone} nameOf={nameOf} onShow={setShown} />
        <SidePanel ticket={ticket} zone={zone} directory={directory} onShow={setShown} />
      </div>
      {shown !== undefined && <AttachmentViewer attachment={shown} onClose={() => setShown(undefined)} />}
    </article>
  );
}

/** What stands beside the main line: waiting, ended, or made by a newer version. */
function Banner({ ticket, zone }: { ticket: TicketState; zone: string }) {
  const { t } = useTranslation();
  const desk = useDesk();
  if (ticket.needsUpdate) return <p className={classes.banner}>{t('ticket.banner.needsUpdate')}</p>;
  if (ticket.ended !== undefined) {
    return (
      <p className={classes.banner} data-testid="ended">
        <b>{t(`ticket.ended.${ticket.ended.how}`)}</b> <Instant at={ticket.ended.at} zone={zone} /> ·{' '}
        {ticket.ended.reason}
      </p>
    );
  }
  if (ticket.waiting === undefined) return null;
  const { reason, since, evidence } = ticket.waiting;
  return (
    <p className={classes.banner} data-testid="waiting" data-reason={reason}>
      <b>{t('ticket.waits.title', { reason: t(`ticket.waiting.${reason}`) })}</b>
      <span className={classes.since}>
        <Instant at={since} zone={zone} /> · {evidence}
      </span>
      <Button
        size="compact-xs"
        variant="default"
        data-testid="resume"
        onClick={() => void perform(desk, ticket.id, { do: 'resume' })}
      >
        {t('ticket.waits.resume')}
      </Button>
    </p>
  );
}
