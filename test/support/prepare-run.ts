import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREPARED } from './prepared.ts';

/** Once for a run of the tests: a folder for what its workers share. Returns how it is removed. */
export default async function prepareRun(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-prepared-'));
  process.env[PREPARED] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
