import { create } from 'zustand';

interface LogUi {
  /** Counted up each time a command asks a log tab to take the focus to its search. */
  readonly searchAsked: Readonly<Record<string, number>>;
  readonly askSearch: (tabId: string) => void;
}

/** What the commands say to the log tabs. */
export const useLogUi = create<LogUi>((set) => ({
  searchAsked: {},
  askSearch: (tabId) =>
    set(({ searchAsked }) => ({ searchAsked: { ...searchAsked, [tabId]: (searchAsked[tabId] ?? 0) + 1 } })),
}));
