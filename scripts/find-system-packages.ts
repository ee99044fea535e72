import { existsSync, globSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Debian package that the tests need, and how to see that it is there. */
export interface SystemPackage {
  readonly name: string;
  readonly neededFor: string;
  /** Any one of these commands in the path, or files (globs), proves it. */
  readonly commands?: readonly string[];
  readonly files?: readonly string[];
}

export const systemPackages: readonly SystemPackage[] = [
  { name: 'chromium', neededFor: 'end-to-end tests', commands: ['chromium'] },
  { name: 'openssh-server', neededFor: 'a real SSH server to log in to', files: ['/usr/sbin/sshd'] },
  { name: 'openssh-client', neededFor: 'keys of that server', commands: ['ssh-keygen'] },
  {
    name: 'postgresql',
    neededFor: 'the server on PostgreSQL',
    commands: ['initdb'],
    files: ['/usr/lib/postgresql/*/bin/initdb'],
  },
  // OpenStack Swift with its S3 API: of the stores that speak S3, the one that Debian has and that verifies what it is sent.
  {
    name: 'swift-proxy',
    neededFor: 'attachments in an S3-compatible store',
    commands: ['swift-proxy-server'],
  },
  { name: 'swift-account', neededFor: 'the accounts of that store', commands: ['swift-account-server'] },
  { name: 'swift-container', neededFor: 'the buckets of that store', commands: ['swift-container-server'] },
  { name: 'swift-object', neededFor: 'the objects of that store', commands: ['swift-object-server'] },
  {
    name: 'fonts-noto-cjk',
    neededFor: 'Chinese text in screenshots',
    files: ['/usr/share/fonts/*/noto/NotoSansCJK*'],
  },
  {
    name: 'fonts-liberation',
    neededFor: 'Latin text in screenshots',
    files: ['/usr/share/fonts/truetype/liberation*'],
  },
  { name: 'xvfb', neededFor: 'desktop tests without a screen', commands: ['Xvfb'] },
  { name: 'poppler-utils', neededFor: 'reading the text of a PDF', commands: ['pdftotext'] },
  { name: 'qpdf', neededFor: 'checking that a PDF is valid', commands: ['qpdf'] },
  { name: 'faketime', neededFor: 'clocks that are wrong', commands: ['faketime'] },
];

/** Folders that hold commands though a user's path often leaves them out. */
const EXTRA_FOLDERS = ['/usr/sbin', '/sbin'];

/** The packages that are not there, in the order of the table. */
export function findMissingPackages(packages: readonly SystemPackage[] = systemPackages): SystemPackage[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS];
  return packages.filter(({ commands = [], files = [] }) => {
    const hasCommand = commands.some((command) =>
      folders.some((folder) => existsSync(join(folder, command))),
    );
    return !hasCommand && !files.some((pattern) => globSync(pattern).length > 0);
  });
}

/** Whether this is Debian or one of its descendants, by os-release(5). */
export function isDebian(osRelease = '/etc/os-release'): boolean {
  if (!existsSync(osRelease)) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync(osRelease, 'utf8'));
}

/** The command that installs packages, for a person to type. */
export function installCommand(packages: readonly SystemPackage[]): string {
  const names = packages.map((entry) => entry.name).join(' ');
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`;
}
