import type { DependencyClass } from './dependency-classes.ts';

/** One part of the house: which files it holds and what they may import. */
export interface Area {
  readonly name: string;
  /** Tested against the path from the repository's root. The first area that matches a file owns it. */
  readonly holds: RegExp;
  /** Files of other areas that may be imported. Its own area is always allowed. */
  readonly mayImport: readonly string[];
  /** npm packages by where they may run. */
  readonly mayUse: readonly DependencyClass[];
  readonly mayUseNode: boolean;
  /** Said when a file breaks the row: where the code belongs instead. */
  readonly advice: string;
}

const EVERY_CLASS: readonly DependencyClass[] = [
  'anywhere',
  'node',
  'renderer',
  'shell',
  'server',
  'tooling',
];

/**
 * Who may import whom. The order matters: tests come first, because they stand
 * beside the code they test and may reach everywhere.
 */
export const areas: readonly Area[] = [
  {
    name: 'tests and tooling',
    holds: /^(test|scripts)\/|\.test\.tsx?$|^[^/]+\.config\.ts$/,
    mayImport: ['*'],
    mayUse: EVERY_CLASS,
    mayUseNode: true,
    advice: '',
  },
  {
    name: 'shared',
    holds: /^shared\//,
    mayImport: [],
    mayUse: ['anywhere'],
    mayUseNode: false,
    advice:
      'shared/ runs on laptop, server and in the page alike: it is plain functions on plain data. ' +
      'Gather the data in electron/services/, server/ or renderer/ and pass it in as a parameter.',
  },
  {
    name: 'preload',
    holds: /^electron\/preload\.ts$/,
    mayImport: ['shared'],
    mayUse: ['shell'],
    mayUseNode: false,
    advice:
      'The preload hands one port to the page and knows nothing else. Everything else goes behind the contract in shared/host/.',
  },
  {
    name: 'shell',
    holds: /^electron\/(shell\/|main\.ts$)/,
    mayImport: ['shared', 'services', 'workers', 'demo data'],
    mayUse: ['anywhere', 'node', 'shell'],
    mayUseNode: true,
    advice:
      'electron/shell/ fits the services to Electron. What the page shows belongs in renderer/, what the server does in server/.',
  },
  {
    name: 'workers',
    holds: /^electron\/workers\//,
    mayImport: ['shared', 'services'],
    mayUse: ['anywhere', 'node'],
    mayUseNode: true,
    advice:
      'A worker runs a service in a process of its own, with or without Electron. What needs `electron` belongs in electron/shell/.',
  },
  {
    name: 'browser host',
    holds: /^electron\/serve(\.ts$|\/|-)/,
    mayImport: ['shared', 'services', 'workers', 'demo data'],
    mayUse: ['anywhere', 'node'],
    mayUseNode: true,
    advice:
      'The browser host offers the same services without Electron. What needs `electron` belongs in electron/shell/.',
  },
  {
    name: 'services',
    holds: /^electron\/services\//,
    mayImport: ['shared', 'workers'],
    mayUse: ['anywhere', 'node'],
    mayUseNode: true,
    advice:
      'electron/services/ needs the operating system but not Electron: ask for what only Electron has through ports.ts, ' +
      'and let electron/shell/ provide it.',
  },
  {
    name: 'demo data',
    holds: /^resources\/demo\//,
    mayImport: ['shared', 'services'],
    mayUse: ['anywhere'],
    mayUseNode: false,
    advice:
      'The demo is facts, written through the journal as a person would make them. Rules belong in shared/domain/.',
  },
  {
    name: 'renderer',
    holds: /^renderer\//,
    mayImport: ['shared'],
    mayUse: ['anywhere', 'renderer'],
    mayUseNode: false,
    advice:
      'renderer/ is a page without Node. What needs the operating system is a method of the contract in shared/host/, ' +
      'implemented in electron/services/.',
  },
  {
    name: 'server',
    holds: /^server\//,
    mayImport: ['shared'],
    mayUse: ['anywhere', 'node', 'server'],
    mayUseNode: true,
    advice: 'server/ shares only shared/ with the laptop. Move what both need there.',
  },
];

/** A rule inside one area: files that match `of` may not import files that match `not`. */
export interface InnerRule {
  readonly of: RegExp;
  readonly not: RegExp;
  readonly advice: string;
}

export const innerRules: readonly InnerRule[] = [
  {
    of: /^renderer\/(components|db|host|stores|sync)\//,
    not: /^renderer\/features\//,
    advice:
      'Features use this folder, not the other way round. Pass the value in, or move what both need here.',
  },
  {
    of: /^renderer\/(db|host|stores|sync)\//,
    not: /^renderer\/components\//,
    advice: 'Data does not know how it is shown. Return the value and let a component show it.',
  },
  {
    of: /^shared\/(domain|events)\//,
    not: /^shared\/(host|sync)\//,
    advice:
      'Rules and events stand on their own; the contract and the wire are built on them, not the other way round.',
  },
];

/**
 * Features are rooms with one door: another feature may be imported through
 * `index.ts` or `public.ts` in its folder and through nothing else.
 */
export const FEATURE_FILE = /^renderer\/features\/([^/]+)\/(.+)$/;
export const FEATURE_DOOR = /^(index|public)\.tsx?$/;

/** Words that may not stand in the code, with the reason. Tests may use them: they try the attack. */
export interface BannedWord {
  readonly word: RegExp;
  readonly except?: RegExp;
  readonly reason: string;
}

export const bannedWords: readonly BannedWord[] = [
  { word: /\bwebSecurity\s*:\s*false\b/, reason: 'the same-origin policy stays on' },
  { word: /\ballowRunningInsecureContent\b/, reason: 'only app:// content runs in the window' },
  { word: /\bexperimentalFeatures\s*:\s*true\b/, reason: 'only finished web features are used' },
  { word: /\b(enable|disable)BlinkFeatures\b/, reason: 'only finished web features are used' },
  {
    word: /\bnodeIntegration(InWorker|InSubFrames)?\s*:\s*true\b/,
    reason: 'the page has no Node: use the contract in shared/host/',
  },
  { word: /\bcontextIsolation\s*:\s*false\b/, reason: 'the preload stays out of the reach of the page' },
  { word: /\bsandbox\s*:\s*false\b/, reason: 'every page is sandboxed' },
  { word: /\bwebviewTag\s*:\s*true\b/, reason: 'there is one page and no guest in it' },
  {
    word: /\b(bypassCSP|allowServiceWorkers)\s*:\s*true\b/,
    reason: 'app:// is served under the content security policy',
  },
  {
    word: /--no-sandbox\b/,
    except: /^scripts\/test-desktop\.ts$/,
    reason: 'every process of the page is sandboxed',
  },
  {
    word: /\bipcRenderer\b/,
    except: /^electron\/preload\.ts$/,
    reason: 'only the preload speaks to main, to hand over one port',
  },
  { word: /\bcontextBridge\b/, reason: 'the preload exposes nothing callable; it hands over one port' },
  {
    word: /\bipcMain\b/,
    except: /^electron\/(shell\/|main\.ts$)/,
    reason: 'main hears one message, in electron/shell/',
  },
  { word: /\bsetUsePlainTextEncryption\b/, reason: 'a secret is never kept in plain text' },
  {
    word: /\bdangerouslySetInnerHTML\b|\.innerHTML\s*=/,
    reason: 'text from outside is shown as text, never as markup',
  },
  {
    word: /\beval\s*\(|\bnew Function\s*\(/,
    reason: 'no code from strings: the content security policy forbids it as well',
  },
  {
    word: /\b(localStorage|sessionStorage)\b/,
    except: /^renderer\/(host\/connect|app\/view-settings|app\/last-language)\.ts$/,
    reason: 'facts go to the journal, caches to Dexie; the listed files alone keep what may be forgotten',
  },
  {
    word: /\bMath\.random\s*\(|\bDate\.now\s*\(|\bnew Date\(\)/,
    except: /^(electron|renderer|server|scripts|test)\//,
    reason: 'shared/ has no clock and no chance of its own: they are parameters',
  },
  { word: /\bTODO\b|\bFIXME\b/, reason: 'unfinished work is an issue, not a comment' },
];

/** Longest a file may be. */
export const lineCaps = {
  /** Start-up order and nothing else: the main process attracts everything. */
  'electron/main.ts': 150,
  warn: 400,
  fail: 600,
} as const;

/** Source that is material, not code of ours. */
export const NOT_CHECKED = /^(test\/fixtures|docs)\//;
