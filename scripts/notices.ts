/**
 * Writes THIRD-PARTY-NOTICES.md: every package that ships, with its licence.
 * Fails on a licence that may not ship. With `--check` it writes nothing and
 * fails when the file is out of date.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependencyClasses } from './dependency-classes.ts';
import { cutLicence, isAllowedLicence } from './licences.ts';
import { repositoryRoot } from './repository.ts';

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

interface Notice {
  readonly label: string;
  readonly licence: string;
  readonly text: string;
}

/** Packages whose package.json names no licence in a form that npm reads; their licence files were read. */
const LICENCE_IN_FILE_ONLY: Readonly<Record<string, string>> = {
  'png-js': 'MIT',
  ssh2: 'MIT',
  'cpu-features': 'MIT',
  buildcheck: 'MIT',
};

const target = join(repositoryRoot, 'THIRD-PARTY-NOTICES.md');
const lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * Electron is a development dependency by npm's reckoning, and the very thing
 * that ships by ours. Tools come into npm's production tree as optional peers
 * (TypeScript, types), but nothing of them is shipped.
 */
function ships(path: string, entry: LockedPackage): boolean {
  if (path === '') return false;
  if (path === 'node_modules/electron') return true;
  const name = nameOf(path);
  const isTool = dependencyClasses[name]?.runs === 'tooling' || /^@(typescript|types)\//.test(name);
  return entry.dev !== true && !isTool;
}

function readNotice(path: string, entry: LockedPackage): Notice {
  const name = nameOf(path);
  const licence = entry.license ?? LICENCE_IN_FILE_ONLY[name] ?? 'unknown';
  // Binaries for other systems are not installed here; the text must not depend on the machine.
  const isForOneSystem = entry.os !== undefined || entry.cpu !== undefined;
  return { label: `${name} ${entry.version}`, licence, text: isForOneSystem ? '' : readLicenceFiles(path) };
}

function readLicenceFiles(path: string): string {
  const folder = join(repositoryRoot, path);
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .filter(
      (file) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file) && !/\.(c?js|ts|json|html)$/.test(file),
    )
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n\n');
}

function render(notices: readonly Notice[]): string {
  const groups = new Map<string, { notice: Notice; copyright: readonly string[] }[]>();
  for (const notice of notices) {
    const { copyright, body } = cutLicence(notice.text);
    const key = body === '' ? '' : `${notice.licence}\0${body}`;
    groups.set(key, [...(groups.get(key) ?? []), { notice, copyright }]);
  }
  const bySize = [...groups].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
  const parts = bySize.map(([key, members]) => {
    const list = members.map(({ notice, copyright }) =>
      [`- ${notice.label} (${notice.licence})`, ...copyright.map((line) => `  - ${line}`)].join('\n'),
    );
    const body = key.split('\0')[1];
    const heading =
      body === undefined
        ? '## Packages that carry their licence by name only, or ship for one system only'
        : `## ${members[0]?.notice.licence}`;
    return [
      heading,
      list.join('\n'),
      ...(body === undefined ? [] : [`\`\`\`\n${body.replaceAll('```', "'''")}\n\`\`\``]),
    ].join('\n\n');
  });
  return [
    '# Third-party notices',
    'Faultline ships the packages below. The list is generated from package-lock.json by `npm run notices`; do not edit it.',
    'The packaged application carries Electron, which brings the licences of Chromium and Node in `LICENSES.chromium.html`.',
    ...parts,
    '',
  ].join('\n\n');
}

const notices = Object.entries(lock.packages)
  .filter(([path, entry]) => ships(path, entry))
  .map(([path, entry]) => readNotice(path, entry))
  .filter((notice, index, all) => all.findIndex((other) => other.label === notice.label) === index)
  .sort((a, b) => (a.label < b.label ? -1 : 1));

const refused = notices.filter((notice) => !isAllowedLicence(notice.licence));
for (const notice of refused) {
  console.error(
    `${notice.label}: the licence "${notice.licence}" may not ship. The list is in scripts/licences.ts.`,
  );
}
if (refused.length > 0) process.exitCode = 1;

const text = render(notices);
const isCurrent = existsSync(target) && readFileSync(target, 'utf8') === text;
if (process.argv.includes('--check')) {
  if (!isCurrent) {
    console.error('THIRD-PARTY-NOTICES.md is out of date: run `npm run notices`.');
    process.exitCode = 1;
  }
} else if (!isCurrent) writeFileSync(target, text);
console.log(`Notices: ${notices.length} packages, ${refused.length} refused.`);
