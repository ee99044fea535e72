import { describe, expect, it } from 'vitest';
import { menuCommands, menuTemplate } from './menu-template.ts';

describe('the menu', () => {
  it('sends the id of a command and does nothing else', () => {
    const sent: string[] = [];
    const template = menuTemplate('en', 'linux', (id) => sent.push(id));
    for (const { submenu } of template) {
      for (const item of Array.isArray(submenu) ? submenu : [])
        item.click?.({} as never, undefined, {} as never);
    }
    expect(sent).toEqual(menuCommands());
  });

  it('names each command once, and each accelerator once', () => {
    const ids = menuCommands();
    expect(new Set(ids).size).toBe(ids.length);
    const keys = menuTemplate('zh', 'linux', () => undefined)
      .flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
      .flatMap((item) => (item.accelerator === undefined ? [] : [item.accelerator]));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('leaves the keys to the page: a shortcut must not fire twice', () => {
    for (const { submenu } of menuTemplate('en', 'linux', () => undefined)) {
      for (const item of Array.isArray(submenu) ? submenu : []) {
        if (item.accelerator !== undefined) expect(item.registerAccelerator).toBe(false);
      }
    }
  });

  it('speaks both languages', () => {
    expect(menuTemplate('zh', 'linux', () => undefined).map((column) => column.label)).toEqual([
      '文件',
      '编辑',
      '视图',
      '帮助',
    ]);
    expect(menuTemplate('en', 'win32', () => undefined).map((column) => column.label)).toEqual([
      'File',
      'Edit',
      'View',
      'Help',
    ]);
  });

  it('begins with the application on macOS', () => {
    expect(
      menuTemplate('en', 'darwin', () => undefined).map((column) => column.role ?? column.label),
    ).toEqual(['appMenu', 'File', 'Edit', 'View', 'Help', 'windowMenu']);
  });
});
