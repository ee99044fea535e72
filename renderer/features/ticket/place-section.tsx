import { useTranslation } from 'react-i18next';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { useDesk } from '../../app/desk.ts';
import classes from './side-panel.module.css';
import type { Directory } from './use-ticket-names.ts';

interface PlaceProps {
  readonly ticket: TicketState;
  readonly directory: Directory;
}

/**
 * Where it is and whom to call: customer, contacts, site and asset as they are written down. It is read here and changed where
 * sites are looked after, by who may.
 */
export function PlaceFacts({ ticket, directory }: PlaceProps) {
  const { t } = useTranslation();
  const { workspace } = useDesk();
  const { customers, sites, assets, nameOf } = directory;
  const customer = customers.find(({ id }) => id === ticket.customerId);
  const site = sites.find(({ id }) => id === ticket.siteId);
  const asset = assets.find(({ id }) => id === fieldOf(ticket, 'assetId'));
  const facts: [term: string, lines: readonly string[]][] = [
    ['customer', [nameOf(`customer/${ticket.customerId}`)]],
    ['contacts', (customer?.contacts ?? []).map(({ name, phone, email }) => lineOf(name, phone, email))],
    ['site', [nameOf(`site/${ticket.siteId}`), site?.address ?? '']],
  ];
  if (asset !== undefined) {
    const { kind: _, model, serial, address } = asset;
    const reached = address === undefined ? '' : `${address.username}@${address.host}:${address.port}`;
    facts.push(['asset', [nameOf(`asset/${asset.id}`), lineOf(model, serial), reached]]);
  }
  const home = ticket.scope.startsWith('region/') && ticket.scope !== `region/${workspace.homeRegion}`;
  if (home) facts.push(['home', [nameOf(ticket.scope)]]);
  facts.push(['sharedWith', ticket.sharedWith.map(nameOf)]);
  return (
    <dl className={classes.facts} data-testid="place-facts">
      {facts.flatMap(([term, lines]) => {
        const shown = lines.filter((line) => line !== '');
        if (shown.length === 0) return [];
        return [
          <dt key={term}>{t(`ticket.side.${term}`)}</dt>,
          <dd key={`${term}-value`} data-testid={`place-${term}`}>
            {shown.map((line) => (
              <div key={line}>{line}</div>
            ))}
          </dd>,
        ];
      })}
    </dl>
  );
}

function lineOf(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}
