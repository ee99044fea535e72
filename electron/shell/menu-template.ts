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

/**
 * The menu, column by column. Roles are what the operating system does by
 * itself. Ids, keys and words are those of the renderer's registry; a test
 * compares them.
 */
export const MENU: readonly Column[] = [
  {
    id: 'file',
    zh: '文件',
    en: 'File',
    lines: [
      { command: 'ticket.new', zh: '新建工单', en: 'New ticket' },
      { command: 'ticket.next', zh: '进行下一步', en: 'Take the next step' },
      'separator',
      { command: 'app.goSync', zh: '转到未同步', en: 'Go to unsynced' },
      { command: 'app.goSettings', zh: '转到设置', en: 'Go to settings' },
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
      'separator',
      { command: 'app.search', zh: '查找工单', en: 'Search tickets' },
    ],
  },
  {
    id: 'view',
    zh: '视图',
    en: 'View',
    lines: [
      { command: 'app.palette', zh: '打开命令面板', en: 'Open the command palette', keys: 'CmdOrCtrl+K' },
      'separator',
      { command: 'app.toggleQueue', zh: '显示或隐藏队列', en: 'Show or hide the queue', keys: 'CmdOrCtrl+B' },
      { command: 'app.toggleDock', zh: '显示或隐藏工具坞', en: 'Show or hide the dock', keys: 'CmdOrCtrl+J' },
      { command: 'app.theme', zh: '切换浅色和深色', en: 'Switch light and dark' },
      'separator',
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { role: 'togglefullscreen' },
    ],
  },
  {
    id: 'tools',
    zh: '工具',
    en: 'Tools',
    lines: [
      { command: 'terminal.open', zh: '打开终端会话', en: 'Open a terminal' },
      { command: 'part.swap', zh: '更换备件', en: 'Swap a part' },
      { command: 'document.open', zh: '服务单与文档', en: 'Service record and documents' },
    ],
  },
  {
    id: 'help',
    zh: '帮助',
    en: 'Help',
    lines: [{ command: 'app.help', zh: '键盘快捷键', en: 'Keyboard shortcuts' }],
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
