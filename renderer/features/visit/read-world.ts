import type { AssetState, CustomerState, SiteState } from '#shared/domain/directory/state.ts';
import type { EntityStates, Noun } from '#shared/domain/projection.ts';
import { defaultCalendars } from '#shared/domain/sla/default-calendars.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import {
  ENDED_TICKETS,
  OPEN_TICKETS,
  type VisitTicket,
  type VisitWorld,
} from '#shared/domain/visit/visit.ts';
import type { Desk } from '../../app/desk.ts';
import { isDone } from '../../db/summary.ts';

/**
 * Reads what this laptop knows of a site and of all that a visit there needs.
 * @param day of the visit at the site, `2026-11-22`.
 * @returns `undefined` when the site is not known here.
 */
export async function readWorld(desk: Desk, siteId: string, day: string): Promise<VisitWorld | undefined> {
  const { store, host, workspace } = desk;
  const site = (await store.row({ key: `site/${siteId}` }))?.state as SiteState | undefined;
  if (site === undefined) return undefined;
  const customer = (await store.row({ key: `customer/${site.customerId ?? ''}` }))?.state as
    | CustomerState
    | undefined;
  const all = async <N extends Exclude<Noun, 'ticket'>>(noun: N): Promise<Array<EntityStates[N]>> =>
    (await store.rowsOf({ noun })).map((row) => row.state as EntityStates[N]);
  const assets = (await all('asset')).filter((asset: AssetState) => asset.siteId === siteId);
  const tickets = await readTickets(desk, siteId);
  const { credentials } = await host.vault.list({});
  const wanted = [
    ...site.documents.map(({ sha256 }) => sha256),
    ...assets.flatMap(({ baselines }) => baselines.slice(-1).map(({ sha256 }) => sha256)),
    ...tickets.flatMap(({ state, isOpen }) => (isOpen ? state.evidence.map(({ data }) => data.sha256) : [])),
  ];
  return {
    site,
    customer,
    assets,
    tickets,
    units: await all('unit'),
    articles: await all('article'),
    contracts: await all('contract'),
    calendars: defaultCalendars,
    credentialUsers: new Set(credentials.map(({ username }) => username)),
    blobsHere: await blobsHere(desk, wanted),
    userId: workspace.userId,
    day,
  };
}

async function readTickets({ store, workspace }: Desk, siteId: string): Promise<VisitTicket[]> {
  const query = { userId: workspace.userId, search: '', siteId, sort: 'newest', offset: 0 } as const;
  const open = await store.list({ ...query, view: 'team', limit: OPEN_TICKETS });
  const ended = await store.list({ ...query, view: 'done', limit: ENDED_TICKETS });
  const tickets: VisitTicket[] = [];
  for (const summary of [...open.items, ...ended.items]) {
    const row = await store.row({ key: summary.key });
    if (row === undefined) continue;
    const events = await store.eventsOf({ key: summary.key });
    tickets.push({
      key: summary.key,
      state: row.state as TicketState,
      isOpen: !isDone(summary),
      // A cold ticket came as a folded row: its opening tells whether its facts are here.
      hasFacts: events.some(({ event }) => event.type === 'ticket.opened'),
    });
  }
  return tickets;
}

async function blobsHere({ host }: Desk, hashes: readonly string[]): Promise<Set<string>> {
  const here = new Set<string>();
  for (const sha256 of new Set(hashes)) {
    const { size } = await host.blobs.info({ sha256 });
    if (size !== null) here.add(sha256);
  }
  return here;
}
