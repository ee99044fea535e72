import i18next from 'i18next';
import type { AssetState, CustomerState, SiteState, UserState } from '#shared/domain/directory/state.ts';
import { gatherServiceRecord } from '#shared/domain/report/gather-service-record.ts';
import type { RecordLanguage } from '#shared/domain/report/service-record.ts';
import type { Decision } from '#shared/domain/refusal.ts';
import { promisesOf } from '#shared/domain/ticket/promises.ts';
import { causeCodeOf, fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { actOnTicket } from '../../app/act.ts';
import { presentInstant, presentMs } from '../../components/present-time.ts';
import type { Desk } from '../../app/desk.ts';

/**
 * Makes the service record of a ticket as it stands now, and attaches it.
 * Resolves when the attachment is saved.
 * @throws HostError `documents.*` when the paper cannot be made.
 */
export async function makeServiceRecord(
  desk: Desk,
  ticket: TicketState,
  language: RecordLanguage,
): Promise<{ decision: Decision; pages: number; sha256: string }> {
  const state = async <T>(key: string): Promise<T | undefined> =>
    (await desk.store.row({ key }))?.state as T | undefined;
  const events = await desk.store.eventsOf({ key: `ticket/${ticket.id}` });
  const last = events.at(-1)?.event;
  const cause = causeCodeOf(ticket);
  const words = i18next.getFixedT(language === 'en' ? 'en' : 'zh-CN');
  const model = gatherServiceRecord(
    {
      ticket,
      customer: await state<CustomerState>(`customer/${ticket.customerId}`),
      site: await state<SiteState>(`site/${ticket.siteId}`),
      asset: await state<AssetState>(`asset/${fieldOf(ticket, 'assetId')}`),
      engineer: await state<UserState>(`user/${ticket.assignee ?? ''}`),
      promises: promisesOf(ticket, presentMs()),
      causeWords: cause === undefined ? '' : words(`ticket.causeCode.${cause}`),
      ...(last !== undefined && { lastEventHash: hashEvent(last) }),
    },
    language,
    presentInstant(),
  );
  const { sha256, size, pages } = await desk.host.documents.serviceRecord({ model });
  const decision = await actOnTicket(desk, ticket.id, {
    do: 'attach',
    data: { kind: 'document', name: `${ticket.number}.pdf`, sha256, size, mediaType: 'application/pdf' },
  });
  return { decision, pages, sha256 };
}
