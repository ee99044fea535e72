import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { HostError } from '#shared/host/errors.ts';
import { undeliveredCount } from '#shared/sync/engine/plan.ts';
import { beginWipe, finishWipe, type Wiped } from '../access/wipe.ts';
import { type BundleSeal, sealWithPassphrase, sealWithVault } from '../bundle/bundle-key.ts';
import { nameOf } from '../bundle/handlers.ts';
import { bundleUnsent, countUnsentBlobs, type UnsentWork } from '../bundle/unsent-work.ts';
import type { Vault } from '../vault/vault.ts';
import type { DataDir } from './data-dir.ts';

export interface WipeOptions {
  readonly dir: DataDir;
  readonly vault: Vault;
  readonly work: UnsentWork;
  readonly exportDir: string;
  readonly nowMs: number;
  readonly sealByOs: (text: string) => Promise<string | undefined>;
  /** Ends everything that has files of the workspace open. */
  readonly letGo: () => Promise<void>;
}

/**
 * Seals what the office has not got, facts and attachments, into a file, then destroys everything else: keys first. What was refused counts as
 * handed over: the office keeps it.
 * @throws HostError `bundle.failed`, `app.cannotQuarantine` when there is unsent work and nothing to seal it with; then nothing was destroyed.
 */
export async function wipeWorkspace(options: WipeOptions): Promise<Wiped> {
  const { dir, vault, work } = options;
  // Nothing may be saved behind the last look at what is unsent: it would go with the rest.
  const result = await work.journal.endAfter(async () => {
    const last = await lastWork(options);
    await beginWipe(dir, last);
    return last;
  });
  await vault.destroy();
  await options.letGo();
  await finishWipe(dir);
  return result;
}

/** What becomes of everything that was written here; what the office has not got lies in the file then. */
async function lastWork(options: WipeOptions): Promise<Wiped> {
  const { work, nowMs } = options;
  const outbox = work.journal.outbox();
  const undelivered = undeliveredCount(outbox);
  const handedOver = outbox.length - undelivered;
  const facts = undelivered + work.carried.count;
  const left = facts + (await countUnsentBlobs(work));
  const kept = left > 0 ? await quarantine(options) : undefined;
  return {
    at: new Date(nowMs).toISOString(),
    handedOver,
    quarantined: left,
    quarantineFile: kept?.file ?? null,
    ...(kept?.sealedPassphrase !== undefined && { sealedPassphrase: kept.sealedPassphrase }),
  };
}

async function quarantine({
  vault,
  work,
  exportDir,
  nowMs,
  sealByOs,
}: WipeOptions): Promise<{ file: string; sealedPassphrase?: string }> {
  const file = join(exportDir, nameOf('quarantine', nowMs));
  const { seal, sealedPassphrase } = await sealOf(vault, sealByOs);
  await bundleUnsent(file, seal, work, nowMs);
  return { file, ...(sealedPassphrase !== undefined && { sealedPassphrase }) };
}

async function sealOf(
  vault: Vault,
  sealByOs: WipeOptions['sealByOs'],
): Promise<{ seal: BundleSeal; sealedPassphrase?: string }> {
  const state = await vault.state();
  const seal = state === 'passphrase' ? sealWithVault(vault) : undefined;
  if (seal !== undefined) return { seal };
  const passphrase = randomBytes(24).toString('base64url');
  const sealedPassphrase = await sealByOs(passphrase);
  if (sealedPassphrase === undefined)
    throw new HostError(
      'app.cannotQuarantine',
      'This device was revoked, and its unsent work cannot be sealed here: there is no passphrase or it is locked. It waits for the network, or for the passphrase.',
    );
  return { seal: await sealWithPassphrase(passphrase), sealedPassphrase };
}
