import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import {
  type CarriedRequest,
  CarriedRequestSchema,
  type PushAnswer,
  VerdictSchema,
} from '#shared/sync/protocol.ts';
import { type NamedBlob, namedBlobsIn } from '#shared/events/named-blobs.ts';
import type { CarriedFacts, CarriedLine, DeniedFact } from '../sync/engine-ports.ts';
import { SyncError } from '../sync/sync-error.ts';
import { InTurn } from '../workspace/in-turn.ts';
import { writeAtomically } from '../workspace/write-atomically.ts';

interface Portion {
  readonly request: CarriedRequest;
  readonly file: string;
  /** The server does not take it: why, how often it said so, and when it is asked again. */
  trouble?: { readonly code: string; readonly failures: number; readonly againMs: number } | undefined;
}

/** A portion that the server does not take is offered again after a pause that grows twofold between these. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

/** What the server has refused, until somebody has seen it. */
const DENIED_FILE = 'denied.json';
const DeniedSchema = z.array(z.object({ stream: z.string(), verdict: VerdictSchema }));

const BLOBS_FILE = 'blobs.json';
const BlobSchema = z.object({
  sha256: z.string(),
  stream: z.string(),
  at: z.string(),
  kind: z.string().optional(),
  isAttachment: z.boolean(),
});

/**
 * Facts that were taken in from bundles: one file for each signed portion, on the disk before a promise resolves, named by
 * what it says. Taking in the same portion twice is the same file.
 */
export class CarriedStore implements CarriedFacts {
  readonly #dir: string;
  readonly #monotonicMs: () => number;
  readonly #portions = new Map<string, Portion>();
  readonly #blobs = new Map<string, NamedBlob>();
  #denied: readonly DeniedFact[] = [];
  /** Ids of all facts in here; made anew when it is asked for after a change. */
  #ids: Set<string> | undefined;
  #nextNumber = 1;
  /** Whoever takes in, gives up or has delivered waits for whoever does: all of them write the list of attachments. */
  readonly #changes = new InTurn();

  private constructor(dir: string, monotonicMs: () => number) {
    this.#dir = dir;
    this.#monotonicMs = monotonicMs;
  }

  /** Reads what is in `dir`. A file that cannot be read is set aside as `*.damaged`. */
  static async open(dir: string, monotonicMs = () => performance.now()): Promise<CarriedStore> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const store = new CarriedStore(dir, monotonicMs);
    for (const name of (await readdir(dir)).sort()) {
      const number = /^(\d+)-([0-9a-f]{64})\.json$/.exec(name);
      if (number !== null) await store.#take(name, Number(number[1]), number[2] ?? '');
    }
    const blobs = await readJson(join(dir, BLOBS_FILE), z.array(BlobSchema));
    store.#denied = (await readJson(join(dir, DENIED_FILE), DeniedSchema)) ?? [];
    for (const blob of blobs ?? (await store.#saveBlobs()))
      store.#blobs.set(blob.sha256, { ...blob, kind: blob.kind });
    return store;
  }

  get count(): number {
    return this.requests().reduce((sum, { events }) => sum + events.length, 0);
  }

  /** The signed portions, as they came. */
  requests(): CarriedRequest[] {
    return [...this.#portions.values()].map(({ request }) => request);
  }

  knows(eventId: string): boolean {
    this.#ids ??= new Set(this.requests().flatMap(({ events }) => events.map(({ id }) => id)));
    return this.#ids.has(eventId);
  }

  /**
   * Keeps signed portions, and remembers which of these attachments the server has to get.
   * @throws HostError `host.diskFull`; what was kept before stays.
   */
  add(requests: readonly CarriedRequest[], blobs: ReadonlySet<string>): Promise<void> {
    return this.#changes.take(() => this.#add(requests, blobs));
  }

  async #add(requests: readonly CarriedRequest[], blobs: ReadonlySet<string>): Promise<void> {
    // The attachments first: a crash between the two costs a needless question to the server, not a file.
    const named = requests.flatMap(({ events }) => events.flatMap(namedBlobsIn));
    for (const blob of named) if (blobs.has(blob.sha256)) this.#blobs.set(blob.sha256, blob);
    if (named.length > 0) await this.#writeBlobs();
    for (const request of requests) {
      const text = canonicalJson(request);
      const name = createHash('sha256').update(text).digest('hex');
      if (this.#portions.has(name)) continue;
      const file = `${String(this.#nextNumber++).padStart(9, '0')}-${name}.json`;
      await writeAtomically(join(this.#dir, file), text);
      this.#portions.set(name, { request, file });
      this.#ids = undefined;
    }
  }

  async sendAll(line: CarriedLine, signal: AbortSignal): ReturnType<CarriedFacts['sendAll']> {
    let accepted = 0;
    let refused = 0;
    for (const [name, portion] of this.#portions) {
      const { request, file, trouble } = portion;
      if (trouble !== undefined && this.#monotonicMs() < trouble.againMs) continue;
      let answer: PushAnswer;
      try {
        answer = await line.carried(request, signal);
      } catch (thrown) {
        // This portion is at fault for the server (an unknown device, say): it stays, and does not hold up the others.
        if (!(thrown instanceof SyncError) || thrown.code !== 'sync.refusedRequest') throw thrown;
        const said = thrown.detail['serverCode'];
        const failures = (trouble?.failures ?? 0) + 1;
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
        const code = typeof said === 'string' && said !== '' ? said : thrown.code;
        portion.trouble = { code, failures, againMs: this.#monotonicMs() + pauseMs };
        continue;
      }
      portion.trouble = undefined;
      const judged = new Map(answer.verdicts.map((verdict) => [verdict.id, verdict]));
      if (!answer.durable || !request.events.every(({ id }) => judged.has(id))) continue;
      const denied = request.events.flatMap(({ id, stream }) => {
        const verdict = judged.get(id);
        return verdict?.verdict === 'refused' ? [{ stream, verdict }] : [];
      });
      refused += denied.length;
      accepted += request.events.length - denied.length;
      await this.#noteDenied(denied);
      await rm(join(this.#dir, file), { force: true });
      this.#portions.delete(name);
      this.#ids = undefined;
    }
    return { accepted, refused, left: this.count };
  }

  get refused(): { readonly count: number; readonly code: string } | null {
    const refused = this.#refused();
    const [first] = refused;
    if (first?.trouble === undefined) return null;
    const count = refused.reduce((sum, { request }) => sum + request.events.length, 0);
    return { count, code: first.trouble.code };
  }

  retryRefused(): void {
    for (const portion of this.#portions.values())
      if (portion.trouble !== undefined) portion.trouble = { ...portion.trouble, againMs: 0 };
  }

  drop(): Promise<number> {
    return this.#changes.take(() => this.#drop());
  }

  async #drop(): Promise<number> {
    const dropped = this.#refused().flatMap(({ request }) => request.events);
    for (const [name, { file, trouble }] of this.#portions) {
      if (trouble === undefined) continue;
      // Kept for whoever wants to look; nothing reads it any more.
      await rename(join(this.#dir, file), join(this.#dir, `${file}.dropped`));
      this.#portions.delete(name);
      this.#ids = undefined;
    }
    const stillNamed = new Set(
      this.requests().flatMap(({ events }) => events.flatMap(namedBlobsIn).map(({ sha256 }) => sha256)),
    );
    const gone = dropped.flatMap(namedBlobsIn).filter(({ sha256 }) => !stillNamed.has(sha256));
    await this.#forgetBlobs(gone.map(({ sha256 }) => sha256));
    return dropped.length;
  }

  #refused(): Portion[] {
    return [...this.#portions.values()].filter(({ trouble }) => trouble !== undefined);
  }

  get denied(): readonly DeniedFact[] {
    return this.#denied;
  }

  async noteDeniedSeen(): Promise<void> {
    this.#denied = [];
    await rm(join(this.#dir, DENIED_FILE), { force: true });
  }

  /** Before the portion leaves: who brought it has to hear of it, also after a crash. */
  async #noteDenied(denied: readonly DeniedFact[]): Promise<void> {
    if (denied.length === 0) return;
    const fresh = new Set(denied.map(({ verdict }) => verdict.id));
    this.#denied = [...this.#denied.filter(({ verdict }) => !fresh.has(verdict.id)), ...denied];
    await writeAtomically(join(this.#dir, DENIED_FILE), JSON.stringify(this.#denied));
  }

  /** Attachments that the server has to get, with the facts that name them. */
  undeliveredNames(): NamedBlob[] {
    return [...this.#blobs.values()];
  }

  noteDeliveredBlobs(delivered: readonly string[]): Promise<void> {
    return this.#changes.take(() => this.#forgetBlobs(delivered));
  }

  async #forgetBlobs(delivered: readonly string[]): Promise<void> {
    const before = this.#blobs.size;
    for (const sha256 of delivered) this.#blobs.delete(sha256);
    if (this.#blobs.size !== before) await this.#writeBlobs();
  }

  async #take(file: string, number: number, name: string): Promise<void> {
    const request = await readJson(join(this.#dir, file), CarriedRequestSchema);
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    if (request === undefined) await rename(join(this.#dir, file), join(this.#dir, `${file}.damaged`));
    else this.#portions.set(name, { request, file });
  }

  /** What can still be read of a damaged list, which is set aside: an attachment that nobody remembers is never sent. */
  async #saveBlobs(): Promise<z.output<typeof BlobSchema>[]> {
    const path = join(this.#dir, BLOBS_FILE);
    if (!existsSync(path)) return [];
    const text = await readFile(path, 'utf8');
    const readable = [...text.matchAll(/\{[^{}]*\}/g)].flatMap(
      ([entry]) => readText(entry, BlobSchema) ?? [],
    );
    await copyFile(path, `${path}.damaged`);
    await writeAtomically(path, JSON.stringify(readable));
    return readable;
  }

  #writeBlobs(): Promise<void> {
    return writeAtomically(join(this.#dir, BLOBS_FILE), JSON.stringify([...this.#blobs.values()]));
  }
}

/** `undefined` when there is none, or it cannot be read. */
async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> {
  try {
    return readText(await readFile(path, 'utf8'), schema);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function readText<S extends z.ZodType>(text: string, schema: S): z.output<S> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof z.ZodError) return undefined;
    throw thrown;
  }
}
