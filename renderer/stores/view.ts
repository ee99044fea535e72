import { create } from 'zustand';
import type { View } from '../db/list-query.ts';

export type Section = 'tickets' | 'parts' | 'sites' | 'sync' | 'admin' | 'settings';

/** A dialog over the screen; at most one is open. */
export type Dialog =
  | { readonly kind: 'palette' }
  | { readonly kind: 'help' }
  | { readonly kind: 'newTicket' }
  /** The form of a lifecycle step or another act on the selected ticket, by command name. */
  | { readonly kind: 'act'; readonly act: string; readonly ticketId: string; readonly param?: string };

/** A tool in the dock. It lives on while one moves between tickets. */
export interface DockTab {
  readonly id: string;
  readonly kind: 'terminal' | 'log' | 'part' | 'document' | 'player';
  readonly ticketId: string;
  readonly title: string;
  /** What the kind needs to know: a session id, a path, a blob hash. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ViewState {
  readonly section: Section;
  readonly ticketId: string | undefined;
  /** The site that is looked at, in the section of the sites. */
  readonly siteId: string | undefined;
  readonly queueView: View;
  readonly search: string;
  readonly isQueueOpen: boolean;
  readonly queueWidth: number;
  readonly isDockOpen: boolean;
  readonly dockHeight: number;
  readonly dialog: Dialog | undefined;
  readonly tabs: readonly DockTab[];
  readonly tabId: string | undefined;

  readonly go: (section: Section) => void;
  readonly select: (ticketId: string | undefined) => void;
  readonly selectSite: (siteId: string | undefined) => void;
  readonly set: (
    patch: Partial<
      Pick<ViewState, 'queueView' | 'search' | 'isQueueOpen' | 'queueWidth' | 'isDockOpen' | 'dockHeight'>
    >,
  ) => void;
  readonly openDialog: (dialog: Dialog) => void;
  readonly closeDialog: () => void;
  /** Opens a tab, or shows it when one with the same id is open. */
  readonly openTab: (tab: DockTab) => void;
  readonly showTab: (id: string) => void;
  readonly patchTab: (id: string, patch: Partial<Pick<DockTab, 'title' | 'params'>>) => void;
  readonly closeTab: (id: string) => void;
}

/** What the screen shows: nothing in here is a fact, and all of it may be lost. */
export const useView = create<ViewState>((set) => ({
  section: 'tickets',
  ticketId: undefined,
  siteId: undefined,
  queueView: 'mine',
  search: '',
  isQueueOpen: true,
  queueWidth: 372,
  isDockOpen: true,
  dockHeight: 292,
  dialog: undefined,
  tabs: [],
  tabId: undefined,

  go: (section) => set({ section }),
  select: (ticketId) => set({ ticketId, section: 'tickets' }),
  selectSite: (siteId) => set({ siteId, section: 'sites' }),
  set: (patch) => set(patch),
  openDialog: (dialog) => set({ dialog }),
  closeDialog: () => set({ dialog: undefined }),
  openTab: (tab) =>
    set((state) => ({
      tabs: state.tabs.some(({ id }) => id === tab.id) ? state.tabs : [...state.tabs, tab],
      tabId: tab.id,
      isDockOpen: true,
    })),
  showTab: (tabId) => set({ tabId, isDockOpen: true }),
  patchTab: (id, patch) =>
    set((state) => ({ tabs: state.tabs.map((tab) => (tab.id === id ? { ...tab, ...patch } : tab)) })),
  closeTab: (id) =>
    set((state) => {
      const index = state.tabs.findIndex((tab) => tab.id === id);
      const tabs = state.tabs.filter((tab) => tab.id !== id);
      const neighbour = tabs[Math.min(index, tabs.length - 1)]?.id;
      return { tabs, tabId: state.tabId === id ? neighbour : state.tabId };
    }),
}));
