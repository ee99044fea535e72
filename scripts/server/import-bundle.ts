import { createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openBundle } from '#electron/services/bundle/read-bundle.ts';

/**
 * Opens a bundle, checks all of it, and lays it out for the server in a folder that only this user can read. The folder is
 * gone when `work` has ended.
 * @throws HostError `bundle.wrongPassphrase`, `bundle.damaged`; then `work` is not called.
 */
export async function withUnpackedBundle<T>(
  file: string,
  passphrase: string,
  tenant: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await access(file).catch((error: unknown) => {
    throw new RangeError(`There is no file ${file} that this user may read.`, { cause: error });
  });
  const bundle = await openBundle(file, passphrase);
  if (bundle.manifest.tenant !== tenant)
    throw new RangeError(
      `This file belongs to the tenant ${bundle.manifest.tenant}: say --tenant if that is meant.`,
    );
  const folder = await mkdtemp(join(tmpdir(), 'faultline-bundle-'));
  try {
    await mkdir(join(folder, 'facts'));
    await mkdir(join(folder, 'blobs'));
    let number = 0;
    for await (const chunk of bundle.chunks())
      await writeFile(
        join(folder, 'facts', `${String(++number).padStart(9, '0')}.json`),
        JSON.stringify(chunk),
      );
    for await (const { sha256, bytes } of bundle.blobs())
      await pipeline(Readable.from(bytes), createWriteStream(join(folder, 'blobs', sha256), { mode: 0o600 }));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
