import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';

/**
 * A backup is one gzip file of JSON lines, so that it can be looked into with `zcat` and `jq`:
 * `manifest`, then `rows` of each table, then each `blob` with its `bytes`, then `end`
 * with the number of lines before it and the SHA-256 of their text. Without a fitting `end` it is no backup.
 */
export const BACKUP_FORMAT = 1;

const Value = z.string().nullable();

export const BackupLineSchema = z.discriminatedUnion('k', [
  z.object({
    k: z.literal('manifest'),
    product: z.literal('faultline'),
    format: z.number().int(),
    at: z.string(),
    epoch: z.string(),
    migrations: z.array(z.string()),
  }),
  /** Values as PostgreSQL writes them as text, in the order of `columns`. */
  z.object({
    k: z.literal('rows'),
    table: z.string().regex(/^[a-z_]{1,60}$/),
    columns: z.array(z.string().regex(/^[a-z_0-9]{1,60}$/)),
    rows: z.array(z.array(Value)),
  }),
  z.object({ k: z.literal('blob'), tenant: z.string(), sha256: z.string(), size: z.number().int() }),
  z.object({ k: z.literal('bytes'), b: z.string() }),
  z.object({ k: z.literal('end'), lines: z.number().int(), sha256: z.string() }),
]);
export type BackupLine = z.infer<typeof BackupLineSchema>;

export class BackupDamaged extends Error {
  readonly code = 'backup.damaged';
  override readonly name = 'BackupDamaged';
}

/** Far above the largest line that is written: a file that was made to eat memory is refused. */
const MAX_LINE = 64 * 1024 * 1024;

/** Characters that are compressed at once: each piece costs a turn of the event loop, which the embedded database makes long. */
const PIECE = 256 * 1024;

/** Writes lines into a file that appears under its name whole and on the disk, or not at all. */
export class BackupWriter {
  readonly #path: string;
  readonly #gzip = new PassThrough();
  readonly #written: Promise<void>;
  readonly #hash = createHash('sha256');
  #lines = 0;
  /** Lines that wait until there is a piece of them. */
  #held = '';
  #failure: unknown;

  /** @throws RangeError when the file exists: a backup never replaces another. */
  static async create(path: string): Promise<BackupWriter> {
    if (await stat(path).catch(() => undefined))
      throw new RangeError(`${path} exists already. A backup never replaces a file: name another one.`);
    return new BackupWriter(path);
  }

  private constructor(path: string) {
    this.#path = path;
    this.#written = pipeline(
      this.#gzip,
      createGzip({ level: 5 }),
      createWriteStream(`${path}.partial`, { mode: 0o600, flush: true }),
    );
    this.#written.catch((error: unknown) => {
      this.#failure = error;
    });
  }

  async write(line: BackupLine): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const text = `${JSON.stringify(line)}\n`;
    this.#hash.update(text);
    this.#lines++;
    this.#held += text;
    if (this.#held.length < PIECE) return;
    const piece = this.#held;
    this.#held = '';
    if (this.#gzip.write(piece)) return;
    // Either there is room again, or the file can no longer be written: then `#written` tells why.
    await Promise.race([
      new Promise<void>((resolve) => this.#gzip.once('drain', () => resolve())),
      this.#written,
    ]);
  }

  /** @returns the size of the file in bytes. */
  async finish(): Promise<number> {
    const end = { k: 'end', lines: this.#lines, sha256: this.#hash.digest('hex') } as const;
    this.#gzip.end(`${this.#held}${JSON.stringify(end)}\n`);
    await this.#written;
    await rename(`${this.#path}.partial`, this.#path);
    return (await stat(this.#path)).size;
  }

  async discard(): Promise<void> {
    this.#gzip.destroy();
    await this.#written.catch(() => undefined);
    await rm(`${this.#path}.partial`, { force: true });
  }
}

/**
 * Reads a backup from its beginning and checks it on the way.
 * @throws BackupDamaged when it is cut off, changed, or no backup; what was yielded before counts for nothing then.
 */
export async function* readBackup(path: string): AsyncGenerator<BackupLine> {
  const hash = createHash('sha256');
  let lines = 0;
  let ended = false;
  for await (const text of linesOf(path)) {
    if (ended) throw new BackupDamaged(`${path} goes on after its end.`);
    const line = parse(path, text);
    if (lines === 0 && line.k !== 'manifest')
      throw new BackupDamaged(`${path} is not a backup of Faultline.`);
    if (line.k === 'end') {
      if (line.lines !== lines || line.sha256 !== hash.digest('hex'))
        throw new BackupDamaged(`${path} was changed since it was written.`);
      ended = true;
      continue;
    }
    hash.update(`${text}\n`);
    lines++;
    yield line;
  }
  if (!ended) throw new BackupDamaged(`${path} is cut off: its end is missing.`);
}

function parse(path: string, text: string): BackupLine {
  try {
    return BackupLineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new BackupDamaged(`${path} is damaged, or not a backup of Faultline.`, { cause: error });
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  const file = createReadStream(path);
  const text = createGunzip().setEncoding('utf8');
  file.once('error', (error) => text.destroy(error)).pipe(text);
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new BackupDamaged(`${path} is not a backup of Faultline.`);
      yield* lines;
    }
  } catch (error) {
    if (error instanceof BackupDamaged) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new RangeError(`There is no file ${path}.`, { cause: error });
    throw new BackupDamaged(`${path} cannot be read to its end: it is cut off, damaged, or not a backup.`, {
      cause: error,
    });
  } finally {
    file.destroy();
  }
  if (rest !== '') throw new BackupDamaged(`${path} is cut off in the middle of a line.`);
}
