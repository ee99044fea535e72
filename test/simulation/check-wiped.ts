import { createHash } from 'node:crypto';
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

/** What is in the encrypted files that wiped laptops have left. */
export interface Quarantined {
  /** Facts by their ids. */
  readonly facts: ReadonlyMap<string, DomainEvent>;
  /** Hashes of attachments, each of which was read. */
  readonly attachments: ReadonlySet<string>;
}

/** Opens the files as their persons would open them. */
export async function quarantinedOf(laptops: readonly Laptop[]): Promise<Quarantined> {
  const facts = new Map<string, DomainEvent>();
  const attachments = new Set<string>();
  for (const laptop of laptops) {
    if (!laptop.isWiped) continue;
    const { quarantineFile = null } = (await readWiped(await openDataDir(laptop.folder))) ?? {};
    if (quarantineFile === null) continue;
    const bundle = await openBundle(quarantineFile, PASSPHRASE);
    for await (const { events } of bundle.chunks()) for (const event of events) facts.set(event.id, event);
    for await (const { bytes } of bundle.blobs()) {
      const hash = createHash('sha256');
      for await (const chunk of bytes) hash.update(chunk);
      attachments.add(hash.digest('hex'));
    }
  }
  return { facts, attachments };
}
