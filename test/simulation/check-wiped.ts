import { readdir } from 'node:fs/promises';
import { readWiped } from '#electron/services/access/wipe.ts';
import { openBundle } from '#electron/services/bundle/read-bundle.ts';
import { openDataDir } from '#electron/services/workspace/data-dir.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Laptop } from './laptop.ts';
import { PASSPHRASE } from './memory-vault.ts';

/** What a wiped laptop keeps: that it was wiped, what a person has set, and empty folders. */
const STAYS: ReadonlySet<string> = new Set(['wiped.json', 'quarantine.json', 'settings.json']);

/** SIM4: a laptop that was wiped holds nothing. */
export async function checkWiped(laptop: Laptop): Promise<string[]> {
  const { name, folder, vault, databaseName } = laptop;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left = entries.filter((entry) => entry.isFile() && !STAYS.has(entry.name)).map((entry) => entry.name);
  const stores = (await indexedDB.databases()).filter((database) => database.name === databaseName);
  return [
    ...left.map((file) => `SIM4 ${name} was wiped and still has ${file}`),
    ...(vault.isEmpty ? [] : [`SIM4 ${name} was wiped and its vault still has secrets`]),
    ...stores.map(() => `SIM4 ${name} was wiped and still has its store`),
  ];
}

/** The facts in the encrypted file that a wiped laptop has left, opened as its person would open it. */
export async function quarantinedOf(laptop: Laptop): Promise<DomainEvent[]> {
  const wiped = await readWiped(await openDataDir(laptop.folder));
  const { quarantineFile = null } = wiped ?? {};
  if (quarantineFile === null) return [];
  const bundle = await openBundle(quarantineFile, PASSPHRASE);
  const facts: DomainEvent[] = [];
  for await (const { events } of bundle.chunks()) facts.push(...events);
  return facts;
}
