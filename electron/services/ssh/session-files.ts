import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CastFormatError, CastReader } from '#shared/domain/recording/cast-reader.ts';
import { sessionFacts, type SessionFacts } from '#shared/host/ssh.ts';

const FACTS = '.json';

/**
 * The sessions whose recording no event names yet, one small file each beside the running recording. It is
 * written before the session is shown and removed when the event stands, so a crash in between loses neither
 * the recording nor what it belongs to.
 */
export class SessionFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the recording of a session stands until it goes to the blob store. */
  recordingPath(sessionId: string): string {
    return join(this.#folder, `${sessionId}.cast`);
  }

  async write(facts: SessionFacts): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const file = this.#factsPath(facts.sessionId);
    const handle = await open(`${file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(facts));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
  }

  async remove(sessionId: string): Promise<void> {
    await rm(this.#factsPath(sessionId), { force: true });
  }

  async list(): Promise<SessionFacts[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    const found = names.filter((name) => name.endsWith(FACTS)).sort();
    return Promise.all(
      found.map(async (name) =>
        sessionFacts.parse(JSON.parse(await readFile(join(this.#folder, name), 'utf8'))),
      ),
    );
  }

  #factsPath(sessionId: string): string {
    return join(this.#folder, `${sessionId}${FACTS}`);
  }
}

/**
 * How long a recording lasts that nobody closed, from its whole events; undefined when the file is missing
 * or has not even a header.
 */
export async function durationOfRecording(path: string): Promise<number | undefined> {
  const reader = new CastReader();
  let durationMs = 0;
  try {
    for await (const text of createReadStream(path, { encoding: 'utf8' })) {
      for (const event of reader.push(String(text))) durationMs += event.intervalMs;
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof CastFormatError)) throw error;
  }
  return reader.header === undefined ? undefined : durationMs;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
