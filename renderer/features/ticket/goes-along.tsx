import { useTranslation } from 'react-i18next';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import classes from './dialog.module.css';
import type { Directory } from './use-ticket-names.ts';

/** What the one with whom a ticket is shared gets with it, by name, before it is shared. */
export function GoesAlong({ ticket, directory }: { ticket: TicketState; directory: Directory }) {
  const { t } = useTranslation();
  const { customers, nameOf } = directory;
  const contacts = customers.find(({ id }) => id === ticket.customerId)?.contacts.length ?? 0;
  const assets = assetsOf(ticket).map((id) => nameOf(`asset/${id}`));
  const lines = [
    t('ticket.act.share.along.customer', { name: nameOf(`customer/${ticket.customerId}`), contacts }),
    t('ticket.act.share.along.site', { name: nameOf(`site/${ticket.siteId}`) }),
    ...(assets.length === 0
      ? []
      : [t('ticket.act.share.along.assets', { list: assets.join(t('ticket.listSeparator')) })]),
    t('ticket.act.share.along.rest', { evidence: ticket.evidence.length, parts: partsOf(ticket).length }),
  ];
  return (
    <div className={classes.intro} data-testid="goes-along">
      {t('ticket.act.share.goesAlong')}
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}

/** The asset it is about, and those on which something was swapped for it. */
function assetsOf(ticket: TicketState): string[] {
  const named = [fieldOf(ticket, 'assetId'), ...ticket.swaps.map(({ data }) => data.assetId)];
  return [...new Set(named.filter((id) => id !== ''))];
}

function partsOf(ticket: TicketState): string[] {
  const swapped = ticket.swaps.flatMap(({ data }) => [data.good.unitId, data.faulty.unitId]);
  return [...new Set([...ticket.taken.map(({ unitId }) => unitId), ...swapped])];
}
