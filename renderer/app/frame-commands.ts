import i18next from 'i18next';
import type { Command } from './commands.ts';
import { focusSearch } from './focus-search.ts';

/** Commands of the frame itself: going about, showing and hiding, palette and help. */
export const frameCommands: readonly Command[] = [
  {
    id: 'app.palette',
    title: 'app.command.palette',
    keys: 'mod+k',
    run: ({ view }) => view.openDialog({ kind: 'palette' }),
  },
  { id: 'app.search', title: 'app.command.search', keys: '/', run: ({ view }) => focusSearch(view) },
  {
    id: 'app.toggleQueue',
    title: 'app.command.toggleQueue',
    keys: 'mod+b',
    run: ({ view }) => view.set({ isQueueOpen: !view.isQueueOpen }),
  },
  {
    id: 'app.toggleDock',
    title: 'app.command.toggleDock',
    keys: 'mod+j',
    run: ({ view }) => view.set({ isDockOpen: !view.isDockOpen }),
  },
  { id: 'app.goTickets', title: 'app.command.goTickets', keys: 'g t', run: ({ view }) => view.go('tickets') },
  { id: 'app.goParts', title: 'app.command.goParts', keys: 'g p', run: ({ view }) => view.go('parts') },
  { id: 'app.goSites', title: 'app.command.goSites', keys: 'g s', run: ({ view }) => view.go('sites') },
  { id: 'app.goSync', title: 'app.command.goSync', keys: 'g u', run: ({ view }) => view.go('sync') },
  {
    id: 'app.goSettings',
    title: 'app.command.goSettings',
    keys: 'g ,',
    run: ({ view }) => view.go('settings'),
  },
  {
    id: 'app.help',
    title: 'app.command.help',
    keys: '?',
    run: ({ view }) => view.openDialog({ kind: 'help' }),
  },
  {
    id: 'app.theme',
    title: 'app.command.theme',
    run: async ({ desk }) => {
      const isDark = document.documentElement.dataset.mantineColorScheme === 'dark';
      await desk.host.app.setSettings({ theme: isDark ? 'light' : 'dark' });
    },
  },
  {
    id: 'app.language',
    title: 'app.command.language',
    run: async ({ desk }) => {
      await desk.host.app.setSettings({ language: i18next.language === 'en' ? 'zh-CN' : 'en' });
    },
  },
];
