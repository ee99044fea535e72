import type { FoldedRow } from '#shared/domain/projection.ts';
import type { Cipher } from './cipher.ts';
import { Unreadable } from './cipher.ts';
import type { FaultlineDatabase, PageRecord } from './database.ts';
import type { Memory, PageContent } from './memory.ts';
import { gunzipText, gzipText, readHead, readSegment, writeHead } from './packing.ts';

/** Unpacked pages kept at hand, a few megabytes each: the tickets somebody looks at lie near each other. */
const PAGES_AT_HAND = 4;

/** A segment as it came: gzip NDJSON of rows. */
export interface Segment {
  readonly scope: string;
  readonly sha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type PageHeader = Omit<PageRecord, 'head' | 'rows'>;

/** A page as memory needs it. */
export interface ReadPage {
  readonly header: PageHeader;
  readonly content: PageContent;
}

/** A page that is ready to be written. */
export interface SealedPage extends ReadPage {
  readonly record: PageRecord;
}

/** Where the key stands in a row's JSON. */
const KEY_AT = '{"key":'.length;

const headOf = (id: string): string => `page/${id}/head`;
const rowsOf = (id: string): string => `page/${id}/rows`;

/** The base: what is folded and confirmed, as packed and sealed pages. */
export class Pages {
  readonly #database: FaultlineDatabase;
  readonly #cipher: Cipher;
  readonly #memory: Memory;
  readonly #now: () => number;
  /** Lines of unpacked pages. */
  readonly #atHand = new Map<string, readonly string[]>();
  /** Pages being unpacked: whoever asks meanwhile waits for the same. */
  readonly #unpacking = new Map<string, Promise<readonly string[]>>();
  /** Pages read for a base that is not adopted yet. */
  readonly #staged = new Map<string, ReadPage>();

  constructor(database: FaultlineDatabase, cipher: Cipher, memory: Memory, now: () => number) {
    this.#database = database;
    this.#cipher = cipher;
    this.#memory = memory;
    this.#now = now;
  }

  async missing(hashes: readonly string[]): Promise<string[]> {
    const known = new Set(await this.#database.pages.where('id').anyOf(hashes).primaryKeys());
    return hashes.filter((hash) => !known.has(hash));
  }

  async stage({ scope, sha256, bytes }: Segment): Promise<void> {
    const content = readSegment(await gunzipText(bytes), this.#now());
    const header = { id: sha256, scope, packedAt: 0, isWhole: false };
    await this.#database.pages.put((await this.seal(header, content, bytes)).record);
    this.#staged.set(sha256, { header, content });
  }

  /** @param packed gzip over the NDJSON of its rows. */
  async seal(header: PageHeader, content: PageContent, packed: Uint8Array<ArrayBuffer>): Promise<SealedPage> {
    const [head, rows] = await Promise.all([
      this.#cipher.seal(headOf(header.id), writeHead(content)),
      this.#cipher.seal(rowsOf(header.id), packed),
    ]);
    return { header, content, record: { ...header, head, rows } };
  }

  /** The base has changed in memory too: what was kept for it, and of the old one, may go. */
  settle(gone: Iterable<string>): void {
    this.#staged.clear();
    for (const id of gone) this.#atHand.delete(id);
  }

  /** What a page holds besides its packed rows: just staged, or as it lies there. @throws Unreadable, also when it is not there. */
  async read(id: string): Promise<ReadPage> {
    const staged = this.#staged.get(id);
    if (staged !== undefined) return staged;
    const record = await this.#database.pages.get(id);
    if (record === undefined) throw new Unreadable(headOf(id));
    const { scope, packedAt, isWhole } = record;
    const content = readHead(await this.#cipher.open(headOf(id), record.head));
    return { header: { id, scope, packedAt, isWhole }, content };
  }

  /** Takes a page of the base into memory. @throws Unreadable */
  async remember(id: string): Promise<void> {
    this.put(await this.read(id));
  }

  put({ header, content }: ReadPage): void {
    const count = content.tickets.length + content.others.length;
    this.#memory.putPage({ ...header, count }, content);
  }

  /** @throws Unreadable */
  async rowIn(page: string, key: string): Promise<FoldedRow | undefined> {
    // The line is found by its key as text, and only that line is parsed.
    const wanted = JSON.stringify(key);
    const lines = await this.lines(page);
    // Nearly every line begins with its key, and most others never name it.
    const first = lines.find((line) => line.startsWith(wanted, KEY_AT));
    for (const line of first === undefined ? lines : [first]) {
      if (!line.includes(wanted)) continue;
      const row = JSON.parse(line) as FoldedRow;
      if (row.key === key) return row;
    }
    return undefined;
  }

  /** All rows of a page, each as its JSON. @throws Unreadable */
  async lines(id: string): Promise<readonly string[]> {
    const known = this.#atHand.get(id) ?? this.#unpacking.get(id);
    if (known !== undefined) return known;
    const unpacking = this.#unpack(id).finally(() => this.#unpacking.delete(id));
    this.#unpacking.set(id, unpacking);
    return unpacking;
  }

  async #unpack(id: string): Promise<readonly string[]> {
    const record = await this.#database.pages.get(id);
    if (record === undefined) throw new Unreadable(rowsOf(id));
    const lines = (await gunzipText(await this.#cipher.open(rowsOf(id), record.rows))).split('\n');
    this.#atHand.set(id, lines);
    const oldest = this.#atHand.keys().next().value;
    if (this.#atHand.size > PAGES_AT_HAND && oldest !== undefined) this.#atHand.delete(oldest);
    return lines;
  }

  /** The page without these rows, under another name. @throws Unreadable */
  async without(id: string, keys: ReadonlySet<string>, newId: string): Promise<SealedPage> {
    const { header, content } = await this.read(id);
    const kept = (await this.lines(id)).filter(
      (line) => line !== '' && !keys.has((JSON.parse(line) as FoldedRow).key),
    );
    const left: PageContent = {
      tickets: content.tickets.filter(({ key }) => !keys.has(key)),
      others: content.others.filter(({ key }) => !keys.has(key)),
    };
    return this.seal({ ...header, id: newId }, left, await gzipText(kept.join('\n')));
  }

  /** Seals the pages that lie there as they are, since there was no key then; one after the other. */
  async reseal(): Promise<void> {
    const { pages } = this.#database;
    for (const id of await pages.toCollection().primaryKeys()) {
      const record = await pages.get(id);
      if (record === undefined || !this.#cipher.isOutdated(record.rows)) continue;
      const packed = await this.#cipher.open(rowsOf(id), record.rows);
      const content = readHead(await this.#cipher.open(headOf(id), record.head));
      const { scope, packedAt, isWhole } = record;
      const { head, rows } = (await this.seal({ id, scope, packedAt, isWhole }, content, packed)).record;
      // Unless the page went away meanwhile.
      await pages.update(id, { head, rows });
    }
  }
}
