import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { openData, openRawData, renewEpoch, requireData } from '#server/open-data.ts';
import { restoreBackup } from '#server/ops/backup/restore-backup.ts';
import type { CheckSummary } from '#server/ops/check-data.ts';
import { operate } from '#server/ops/open-place.ts';
import type { OperationName } from '#server/ops/operations.ts';
import { withUnpackedBundle } from './import-bundle.ts';
import { needed, placeOf, type ServerFlags } from './options.ts';
import { serve } from './serve.ts';

type Command = (flags: ServerFlags) => Promise<void>;

/** What can be asked for, by its words. A command is a function of the flags; what it does to data is in server/ops/. */
export const commands: Readonly<Record<string, Command>> = {
  serve,
  'user add': async (flags) => say(await ask(flags, 'user add', await newUser(flags))),
  'add-user': async (flags) => say(await ask(flags, 'user save', await newUser(flags))),
  'user list': async (flags) => show(flags, await ask(flags, 'user list', { tenant: flags.tenant })),
  'user disable': async (flags) => say(await ask(flags, 'user disable', userOf(flags))),
  'user enable': async (flags) => say(await ask(flags, 'user enable', userOf(flags))),
  'user password': async (flags) =>
    say(
      await ask(flags, 'user password', { ...userOf(flags), password: await readSecret(flags, 'password') }),
    ),
  'device list': async (flags) =>
    show(flags, await ask(flags, 'device list', { tenant: flags.tenant, user: flags.user ?? '' })),
  'device revoke': async (flags) =>
    say(await ask(flags, 'device revoke', { ...deviceOf(flags), endSignIn: flags['end-sign-in'] })),
  'device reinstate': async (flags) => say(await ask(flags, 'device reinstate', deviceOf(flags))),
  backup: async (flags) => say(await ask(flags, 'backup', { file: resolve(needed(flags, 'to')) })),
  export: async (flags) => say(await ask(flags, 'export', { folder: resolve(needed(flags, 'to')) })),
  'import-bundle': async (flags) => {
    const file = resolve(needed(flags, 'from'));
    const passphrase = await readSecret(flags, 'passphrase');
    say(
      await withUnpackedBundle(file, passphrase, flags.tenant, (folder) =>
        ask(flags, 'take carried', { tenant: flags.tenant, folder }),
      ),
    );
  },
  purge: async (flags) => {
    const stream = needed(flags, 'stream');
    if (!flags.yes)
      throw new RangeError(
        `This deletes ${stream} for good, here and on every laptop. Say --yes if that is meant.`,
      );
    say(await ask(flags, 'purge', { tenant: flags.tenant, stream }));
  },
  check: async (flags) => {
    const found = (await ask(flags, 'check', {})) as CheckSummary;
    say(found);
    if (found.troubles.length > 0) process.exitCode = 1;
  },
  restore: async (flags) => {
    const data = await openRawData(placeOf(flags));
    try {
      const target = { database: data.database, blobs: data.storage.attachments };
      say(await restoreBackup(target, resolve(needed(flags, 'from')), flags.replace));
    } finally {
      await data.close();
    }
  },
  'new-epoch': async (flags) => {
    await requireData(placeOf(flags));
    const data = await openData(placeOf(flags));
    try {
      say(`The epoch is now ${await renewEpoch(data.database)}.`);
    } finally {
      await data.close();
    }
  },
};

function ask(flags: ServerFlags, name: OperationName, parameters: unknown): Promise<unknown> {
  return operate(placeOf(flags), name, parameters);
}

async function newUser(flags: ServerFlags) {
  const id = needed(flags, 'user');
  return {
    tenant: flags.tenant,
    id,
    name: flags.name ?? id,
    roles: needed(flags, 'role').split(','),
    homeRegion: needed(flags, 'region'),
    password: await readSecret(flags, 'password'),
  };
}

function userOf(flags: ServerFlags) {
  return { tenant: flags.tenant, id: needed(flags, 'user') };
}

function deviceOf(flags: ServerFlags) {
  return { tenant: flags.tenant, id: needed(flags, 'device'), reason: flags.reason ?? 'from the console' };
}

async function readSecret(flags: ServerFlags, what: 'password' | 'passphrase'): Promise<string> {
  if (!flags['password-stdin'])
    throw new RangeError(
      `The ${what} is read from the standard input: say --password-stdin and give it there.`,
    );
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}

function say(result: unknown): void {
  console.log(typeof result === 'string' ? result : JSON.stringify(result, null, 2));
}

/** A list, one line each for people, or JSON for programs. */
function show(flags: ServerFlags, list: unknown): void {
  if (flags.json || !Array.isArray(list)) return say(list);
  for (const entry of list as Record<string, unknown>[]) {
    const fields = Object.entries(entry).filter(
      ([name, value]) => name !== 'mayChange' && value !== null && value !== '' && value !== false,
    );
    console.log(
      fields
        .map(
          ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
        )
        .join('  '),
    );
  }
}
