import type { ServiceHandlers } from '#shared/host/define.ts';
import type { JournalItem, journalService } from '#shared/host/journal.ts';
import type { Journal } from './journal.ts';
import type { JournalRecord } from './record.ts';

/**
 * The journal as screens see it.
 * @param journal of the open workspace. @throws HostError `app.noWorkspace`.
 */
export function createJournalHandlers(
  workspace: () => { journal: Journal; deviceCode: string },
): ServiceHandlers<typeof journalService> {
  return {
    append: async ({ drafts }) => ({ events: await workspace().journal.append(drafts) }),
    takeNumber: async ({ counter }) => {
      const { journal, deviceCode } = workspace();
      return { number: await journal.takeNumber(counter), deviceCode };
    },
    follow: async function* ({ replay }, { signal }) {
      for await (const record of workspace().journal.follow(replay, signal)) {
        const item = record === 'live' ? ({ k: 'live' } as const) : toItem(record);
        if (item !== undefined) yield item;
      }
    },
    observe: async ({ hlc }) => {
      await workspace().journal.observe(hlc);
      return {};
    },
    problems: async () => ({ problems: [...workspace().journal.problems] }),
  };
}

/** What a screen folds; the rest is bookkeeping of the host. */
function toItem(record: JournalRecord): JournalItem | undefined {
  if (record.k === 'events') return { k: 'events', events: record.events };
  if (record.k === 'verdicts') return { k: 'verdicts', verdicts: record.verdicts };
  return undefined;
}
