import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { useLive } from '../../app/use-live.ts';
import { useDirectory } from '../ticket/index.ts';

const NONE: ReadonlyMap<string, string> = new Map();

/** How streams are called on screens: a ticket by its number while it is here, everything else by its name. */
export function useStreamNames(streams: readonly string[]): (stream: string) => string {
  const { t } = useTranslation();
  const { nameOf } = useDirectory();
  const numbers = useTicketNumbers(streams);
  return (stream) =>
    numbers.get(stream) ?? (stream.startsWith('ticket/') ? t('sync.ticketAway') : nameOf(stream));
}

/** The numbers of those of the streams that are tickets and are here. */
export function useTicketNumbers(streams: readonly string[]): ReadonlyMap<string, string> {
  const tickets = [...new Set(streams.filter((stream) => stream.startsWith('ticket/')))].sort();
  const numbers = useLive(
    async (store) => {
      const found = new Map<string, string>();
      for (const key of tickets) {
        const number = ((await store.row({ key }))?.state as TicketState | undefined)?.number;
        if (number !== undefined) found.set(key, number);
      }
      return found;
    },
    (key) => tickets.includes(key),
    [tickets.join(' ')],
  );
  return numbers ?? NONE;
}
