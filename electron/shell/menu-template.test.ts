import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MENU, menuCommands, menuTemplate } from './menu-template.ts';

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
      '工具',
      '帮助',
    ]);
    expect(menuTemplate('en', 'win32', () => undefined).map((column) => column.label)).toEqual([
      'File',
      'Edit',
      'View',
      'Tools',
      'Help',
    ]);
  });

  it('begins with the application on macOS', () => {
    expect(
      menuTemplate('en', 'darwin', () => undefined).map((column) => column.role ?? column.label),
    ).toEqual(['appMenu', 'File', 'Edit', 'View', 'Tools', 'Help', 'windowMenu']);
  });

  it('names commands, keys and words as the renderer’s registry does', () => {
    const registry = readRegistry();
    const lines = MENU.flatMap((column) => column.lines).filter(
      (line) => typeof line === 'object' && 'command' in line,
    );
    const own = lines.map(({ command, keys, en, zh }) => [
      command,
      { keys: keys?.replace('CmdOrCtrl', 'mod').toLowerCase(), en, zh },
    ]);
    const theirs = lines.map(({ command, keys }) => {
      const entry = registry.get(command);
      // Single keys and sequences are no accelerators; the menu leaves them out.
      return [command, entry && { ...entry, keys: keys === undefined ? undefined : entry.keys }];
    });
    expect(own).toEqual(theirs);
  });
});

/** Commands as the renderer's sources and texts have them: id -> keys and words. */
function readRegistry(): Map<string, { keys: string | undefined; en: string; zh: string }> {
  const renderer = path.resolve(import.meta.dirname, '../../renderer');
  const word = (language: string, key: string): string => {
    const [file = '', ...names] = key.split('.');
    let found: unknown = JSON.parse(
      readFileSync(path.join(renderer, 'app/i18n', language, `${file}.json`), 'utf8'),
    );
    for (const name of names) found = (found as Record<string, unknown> | undefined)?.[name];
    return String(found);
  };
  const files = readdirSync(renderer, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /commands\.tsx?$/.test(name),
  );
  const entry = /id: '([\w.]+)',\s*title: '([\w.]+)',(?:\s*keys: '([^']+)')?/g;
  return new Map(
    files.flatMap((file) =>
      [...readFileSync(path.join(renderer, file), 'utf8').matchAll(entry)].map(
        ([, id = '', title = '', keys]) => [id, { keys, en: word('en', title), zh: word('zh-CN', title) }],
      ),
    ),
  );
}
