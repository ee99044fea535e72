import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TooLarge, WrongHash } from './content-store.ts';

export interface Draft {
  readonly path: string;
  readonly size: number;
}

/**
 * Writes a content that has no name yet into a file of its own, synced to the disk, and verifies it on the way.
 * @throws TooLarge, WrongHash; nothing is left behind then.
 */
export async function writeDraft(
  folder: string,
  sha256: string,
  content: Readable,
  maxBytes: number,
): Promise<Draft> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) return done(new TooLarge(`More than ${maxBytes} bytes.`));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(content, measure, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
    if (hash.digest('hex') !== sha256)
      throw new WrongHash('The content does not have the announced SHA-256.');
    return { path, size };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
