/** Where a package may run. */
export type DependencyClass = 'anywhere' | 'node' | 'renderer' | 'shell' | 'server' | 'tooling';

export interface ClassifiedDependency {
  readonly runs: DependencyClass;
  /** The job it does here, and its licence. */
  readonly why: string;
  /** Not named in package.json: it comes with this package, and must be that package's own copy. */
  readonly through?: string;
}

/**
 * Every npm package that the source names. `anywhere` is pure JavaScript that
 * shared/ may use; `node` runs in the host (and on the server); `shell` only
 * inside Electron; `tooling` never ships. A package that is missing here fails
 * `npm run check`: adding one is a decision, and this is where it is written down.
 */
export const dependencyClasses: Readonly<Record<string, ClassifiedDependency>> = {
  '@noble/hashes': { runs: 'anywhere', why: 'SHA-256 of events and blobs, the same on every side. MIT' },
  'chinese-days': { runs: 'anywhere', why: 'Chinese holidays and make-up working days as data. MIT' },
  'temporal-polyfill': { runs: 'anywhere', why: 'zone-aware time, until every engine has Temporal. MIT' },
  zod: { runs: 'anywhere', why: 'schemas at every boundary: contract, wire, files. MIT' },

  '@expo-google-fonts/noto-sans-sc': {
    runs: 'node',
    why: 'Noto Sans SC for documents, as TTF. MIT, font OFL-1.1',
  },
  '@vscode/ripgrep': { runs: 'node', why: 'search in large logs; the binary comes with the package. MIT' },
  fontkit: {
    runs: 'node',
    why: 'asks a font for its glyphs; objects are handed to pdfkit. MIT',
    through: 'pdfkit',
  },
  linebreak: {
    runs: 'node',
    why: 'where a line may break (UAX 14), as pdfkit breaks it. MIT',
    through: 'pdfkit',
  },
  'iconv-lite': { runs: 'node', why: 'encodes what is typed for devices that do not speak UTF-8. MIT' },
  pdfkit: { runs: 'node', why: 'writes the service record as PDF with embedded subset fonts. MIT' },
  ssh2: { runs: 'node', why: 'SSH client behind our own interface; its native add-ons stay unused. MIT' },
  ws: { runs: 'node', why: 'WebSocket of the browser host. MIT' },

  '@fontsource-variable/inter': { runs: 'renderer', why: 'the Latin face of the interface. OFL-1.1' },
  '@fontsource/jetbrains-mono': {
    runs: 'renderer',
    why: 'the face of the terminal and the log viewer. OFL-1.1',
  },
  '@mantine/core': { runs: 'renderer', why: 'interface components. MIT' },
  '@mantine/hooks': { runs: 'renderer', why: 'small hooks that the components need. MIT' },
  '@mantine/notifications': { runs: 'renderer', why: 'notices in the window. MIT' },
  '@tanstack/react-virtual': { runs: 'renderer', why: 'lists of any length. MIT' },
  '@xterm/addon-fit': { runs: 'renderer', why: 'terminal size from its box. MIT' },
  '@xterm/addon-search': { runs: 'renderer', why: 'search in the terminal. MIT' },
  '@xterm/addon-unicode-graphemes': { runs: 'renderer', why: 'width of CJK and combined characters. MIT' },
  '@xterm/addon-webgl': { runs: 'renderer', why: 'fast drawing of the terminal. MIT' },
  '@xterm/xterm': { runs: 'renderer', why: 'the terminal. MIT' },
  dexie: { runs: 'renderer', why: 'IndexedDB with types; holds the rebuildable cache. Apache-2.0' },
  i18next: { runs: 'renderer', why: 'both languages. MIT' },
  'lucide-react': { runs: 'renderer', why: 'icons. ISC' },
  react: { runs: 'renderer', why: 'the interface. MIT' },
  'react-dom': { runs: 'renderer', why: 'the interface. MIT' },
  'react-i18next': { runs: 'renderer', why: 'i18next in components. MIT' },
  signature_pad: { runs: 'renderer', why: 'smooth signatures. MIT' },
  zustand: { runs: 'renderer', why: 'view state. MIT' },

  electron: { runs: 'shell', why: 'the desktop shell; carries Chromium and Node. MIT' },
  'electron-updater': { runs: 'shell', why: 'updates of the packaged application. MIT' },

  '@aws-sdk/client-s3': {
    runs: 'server',
    why: 'attachments in an S3-compatible store; loaded only with --blobs. Apache-2.0',
  },
  '@electric-sql/pglite': {
    runs: 'server',
    why: 'PostgreSQL inside the process, for newcomers and small teams. Apache-2.0',
  },
  '@fastify/rate-limit': { runs: 'server', why: 'requests a device may make in a minute. MIT' },
  '@tus/file-store': { runs: 'server', why: 'bytes of uploads under way, on disk. MIT' },
  '@tus/server': { runs: 'server', why: 'resumable uploads (tus 1.0). MIT' },
  'openid-client': { runs: 'server', why: "sign-in through the company's OpenID provider. MIT" },
  'prom-client': { runs: 'server', why: 'metrics in the format of Prometheus. Apache-2.0' },
  '@node-rs/argon2': { runs: 'server', why: 'password hashes (argon2id). MIT' },
  fastify: { runs: 'server', why: 'HTTP. MIT' },
  pg: { runs: 'server', why: 'PostgreSQL client. MIT' },
  pino: { runs: 'server', why: 'structured log. MIT' },

  'oidc-provider': { runs: 'tooling', why: 'a real OpenID provider for the sign-in tests. MIT' },
  rxdb: { runs: 'tooling', why: 'peer of the bootstrap bench. Apache-2.0' },
  rxjs: { runs: 'tooling', why: 'rxdb asks for it. Apache-2.0' },
  '@playwright/test': { runs: 'tooling', why: 'end-to-end tests. Apache-2.0' },
  '@types/node': { runs: 'tooling', why: 'types. MIT' },
  '@types/pdfkit': { runs: 'tooling', why: 'types. MIT' },
  '@types/pg': { runs: 'tooling', why: 'types. MIT' },
  '@types/react': { runs: 'tooling', why: 'types. MIT' },
  '@types/react-dom': { runs: 'tooling', why: 'types. MIT' },
  '@types/ssh2': { runs: 'tooling', why: 'types. MIT' },
  '@types/ws': { runs: 'tooling', why: 'types. MIT' },
  '@vitejs/plugin-react': { runs: 'tooling', why: 'builds the renderer. MIT' },
  '@xterm/headless': {
    runs: 'tooling',
    why: 'reads terminal output in tests; peer in the terminal bench. MIT',
  },
  ajv: { runs: 'tooling', why: "checks electron-builder.yml against the package's own schema. MIT" },
  'axe-core': { runs: 'tooling', why: 'accessibility checks. MPL-2.0' },
  'electron-builder': { runs: 'tooling', why: 'installers. MIT' },
  'fake-indexeddb': { runs: 'tooling', why: 'IndexedDB in unit tests. Apache-2.0' },
  'fast-check': { runs: 'tooling', why: 'property tests. MIT' },
  node: { runs: 'tooling', why: 'Node 24 for the scripts, whatever the machine has. MIT' },
  oxfmt: { runs: 'tooling', why: 'formatter. MIT' },
  oxlint: { runs: 'tooling', why: 'linter. MIT' },
  'subset-font': { runs: 'tooling', why: 'cuts fonts down to what is used, at build time. BSD-3-Clause' },
  typescript: { runs: 'tooling', why: 'types. Apache-2.0' },
  vite: { runs: 'tooling', why: 'bundler. MIT' },
  vitest: { runs: 'tooling', why: 'test runner. MIT' },
  yaml: { runs: 'tooling', why: 'reads electron-builder.yml in its check. ISC' },
};

/** The package a specifier names: `@a/b/c.css` -> `@a/b`, `d/e` -> `d`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}
