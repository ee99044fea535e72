import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { DataOptions } from '#server/open-data.ts';

const words = {
  port: { type: 'string', default: '8440' },
  host: { type: 'string' },
  data: { type: 'string' },
  'database-url': { type: 'string' },
  blobs: { type: 'string' },
  demo: { type: 'boolean', default: false },
  log: { type: 'string', default: 'warn' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'trusted-proxy': { type: 'string', multiple: true },
  'behind-proxy': { type: 'boolean', default: false },
  'public-url': { type: 'string' },
  'metrics-token-file': { type: 'string' },
  oidc: { type: 'string' },
  tenant: { type: 'string', default: 'main' },
  user: { type: 'string' },
  device: { type: 'string' },
  name: { type: 'string' },
  role: { type: 'string' },
  region: { type: 'string' },
  reason: { type: 'string' },
  'end-sign-in': { type: 'boolean', default: false },
  stream: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  to: { type: 'string' },
  from: { type: 'string' },
  replace: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export type ServerFlags = ReturnType<typeof readFlags>['flags'];

/** @throws TypeError for what is not an option. */
export function readFlags(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: words });
  return { flags: values, command: positionals };
}

/** Where the data are, as the flags or the environment say: an address with a password does not belong on a command line. */
export function placeOf(flags: ServerFlags): DataOptions {
  const databaseUrl = flags['database-url'] ?? process.env['FAULTLINE_DATABASE_URL'];
  const blobs = flags.blobs ?? process.env['FAULTLINE_BLOBS'];
  return {
    ...(flags.data === undefined ? {} : { data: resolve(flags.data) }),
    ...(databaseUrl === undefined || databaseUrl === '' ? {} : { databaseUrl }),
    ...(blobs === undefined || blobs === '' ? {} : { blobs }),
  };
}

/** A flag that this command cannot do without. */
export function needed(
  flags: ServerFlags,
  name: 'user' | 'device' | 'role' | 'region' | 'stream' | 'to' | 'from',
): string {
  const value = flags[name];
  if (value === undefined || value === '')
    throw new RangeError(`--${name} is missing. --help shows how it is used.`);
  return value;
}
