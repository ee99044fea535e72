import type { MenuItemConstructorOptions } from 'electron';

export type MenuLanguage = 'zh' | 'en';

interface Entry {
  /** A command of the renderer's registry; the menu only names it. */
  readonly command: string;
  readonly zh: string;
  readonly en: string;
  /** Shown beside the entry. The page's own shortcuts act on it, so it is not registered twice. */
  readonly keys?: string;
}

type Line = Entry | { readonly role: NonNullable<MenuItemConstructorOptions['role']> } | 'separator';

interface Column {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly lines: readonly Line[];
}

/** The menu, column by column. Roles are what the operating system does by itself. */
export const MENU: readonly Column[] = [
  {
    id: 'file',
    zh: '文件',
    en: 'File',
    lines: [
      { command: 'ticket.new', zh: '新建工单', en: 'New ticket', keys: 'CmdOrCtrl+N' },
      { command: 'log.open', zh: '打开日志…', en: 'Open log…', keys: 'CmdOrCtrl+O' },
      'separator',
      { command: 'app.settings', zh: '设置', en: 'Settings', keys: 'CmdOrCtrl+,' },
      'separator',
      { role: 'quit' },
    ],
  },
  {
    id: 'edit',
    zh: '编辑',
    en: 'Edit',
    lines: [
      { role: 'undo' },
      { role: 'redo' },
      'separator',
      { role: 'cut' },
      { role: 'copy' },
      { role: 'paste' },
      { role: 'selectAll' },
    ],
  },
  {
    id: 'view',
    zh: '视图',
    en: 'View',
    lines: [
      { command: 'app.palette', zh: '命令面板', en: 'Command palette', keys: 'CmdOrCtrl+K' },
      { command: 'app.toggleTheme', zh: '切换深浅主题', en: 'Toggle theme' },
      'separator',
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { role: 'togglefullscreen' },
    ],
  },
  {
    id: 'help',
    zh: '帮助',
    en: 'Help',
    lines: [
      { command: 'app.shortcuts', zh: '快捷键', en: 'Keyboard shortcuts' },
      { command: 'app.checkForUpdate', zh: '检查更新', en: 'Check for updates' },
      { command: 'app.diagnostics', zh: '导出诊断信息', en: 'Export diagnostics' },
      { command: 'app.about', zh: '关于 Faultline', en: 'About Faultline' },
    ],
  },
];

/** All command ids the menu can send; the renderer's registry has to know each. */
export function menuCommands(): string[] {
  return MENU.flatMap((column) => column.lines).flatMap((line) =>
    typeof line === 'object' && 'command' in line ? [line.command] : [],
  );
}

/** The menu as Electron builds it. A click sends the entry's command id, and nothing else happens here. */
export function menuTemplate(
  language: MenuLanguage,
  platform: NodeJS.Platform,
  send: (command: string) => void,
): MenuItemConstructorOptions[] {
  const columns = MENU.map((column) => ({
    id: column.id,
    label: column[language],
    submenu: column.lines.map((line): MenuItemConstructorOptions => {
      if (line === 'separator') return { type: 'separator' };
      if ('role' in line) return { role: line.role };
      return {
        id: line.command,
        label: line[language],
        click: () => send(line.command),
        ...(line.keys !== undefined && { accelerator: line.keys, registerAccelerator: false }),
      };
    }),
  }));
  // macOS puts the first column under the application's name, so that one has to be its own.
  return platform === 'darwin' ? [{ role: 'appMenu' }, ...columns, { role: 'windowMenu' }] : columns;
}
