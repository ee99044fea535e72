import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { createStoreHandlers, type StoreHandlerOptions } from '#renderer/db/store-handlers.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { EngineHost } from '#renderer/sync/engine.ts';
import { foldEntity, type FoldedRow } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { HostError } from '#shared/host/errors.ts';
import type { JournalItem } from '#shared/host/journal.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Manifest, PullLine } from '#shared/sync/protocol.ts';

type Entry =
  | { k: 'event'; id: string; event: DomainEvent }
  | { k: 'left' | 'deleted'; id: string; stream: string };

/** What a central server would say, out of lists that a test fills: for tests of the laptop's side alone. */
export class ScriptedFeeds {
  epoch = 'e1';
  /** Scopes that the user of the laptop may see. */
  readonly visible = new Set<string>();
  readonly entries = new Map<string, Entry[]>();
  readonly #segments = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Entries in one answer. */
  pageSize = 2_000;
  /** What was asked, in order. */
  readonly asked: string[] = [];
  readonly repairs: { scope: string; expected: string; found: string }[] = [];
  /** Lines may be changed on their way. */
  tamper: (lines: PullLine[]) => PullLine[] = (lines) => lines;
  failsAtSegment = Infinity;
  /** What was said to be left at each segment. */
  readonly lefts: number[] = [];
  /** False: a server of an earlier version, whose bootstrap does not tell what was purged. */
  tellsDeleted = true;
  #ids = 0;

  deliver(scope: string, ...events: readonly DomainEvent[]): void {
    for (const event of events) this.#list(scope).push({ k: 'event', id: event.id, event });
  }

  leave(scope: string, stream: string): void {
    this.#list(scope).push({ k: 'left', id: this.#id(), stream });
  }

  /** As the office purges: the facts' entries become `deleted` ones; whoever is past them is told by another one. */
  purge(stream: string): void {
    for (const [scope, list] of this.entries) {
      const isOfIt = (entry: Entry): boolean => entry.k === 'event' && entry.event.stream === stream;
      const told = list.filter(isOfIt).map(({ id }): Entry => ({ k: 'deleted', id, stream }));
      const now = list.map((entry): Entry =>
        isOfIt(entry) ? { k: 'deleted', id: entry.id, stream } : entry,
      );
      this.entries.set(scope, [...now, ...told]);
    }
  }

  /** Facts that a scope gives now. */
  factsIn(scope: string): DomainEvent[] {
    const facts = new Map<string, DomainEvent>();
    for (const entry of this.entries.get(scope) ?? []) {
      if (entry.k === 'event') facts.set(entry.id, entry.event);
      else for (const [id, { stream }] of facts) if (stream === entry.stream) facts.delete(id);
    }
    return [...facts.values()];
  }

  visibleFacts(): DomainEvent[] {
    const facts = [...this.visible].flatMap((scope) => this.factsIn(scope));
    return [...new Map(facts.map((fact) => [fact.id, fact])).values()];
  }

  checksum(scope: string): { count: number; hash: string } {
    const list = this.entries.get(scope) ?? [];
    return {
      count: list.length,
      hash: list.reduce((hash, { id }) => addToChecksum(hash, id), EMPTY_CHECKSUM),
    };
  }

  manifest(only?: string): Manifest {
    const scopes = [...this.visible].filter((scope) => only === undefined || only === scope);
    const segments: Manifest['segments'] = [];
    for (const scope of scopes) {
      const rows = rowsOf(this.factsIn(scope)).map((row) => ({ ...row, scope }));
      for (let at = 0; at < rows.length; at += 3) {
        const part = rows.slice(at, at + 3);
        const bytes = new Uint8Array(gzipSync(part.map((row) => JSON.stringify(row)).join('\n')));
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        this.#segments.set(sha256, bytes);
        segments.push({ sha256, scope, rows: part.length, bytes: bytes.length });
      }
    }
    return {
      epoch: this.epoch,
      cursors: Object.fromEntries(scopes.map((scope) => [scope, this.checksum(scope).count])),
      checksums: Object.fromEntries(scopes.map((scope) => [scope, this.checksum(scope)])),
      latestHlc: '',
      deleted: this.tellsDeleted ? scopes.flatMap((scope) => this.#deletedIn(scope)) : [],
      segments,
    };
  }

  pull(epoch: string | null, cursors: Readonly<Record<string, number>>): PullLine[] {
    if (epoch !== null && epoch !== this.epoch) throw new HostError('sync.otherEpoch', 'Another epoch.');
    const scopes = [...this.visible].sort();
    const lost = Object.keys(cursors).filter((scope) => !this.visible.has(scope));
    const lines: PullLine[] = [{ k: 'head', epoch: this.epoch, serverTime: '', scopes, lost }];
    const reached: Record<string, number> = {};
    let left = this.pageSize;
    for (const scope of scopes) {
      const list = this.entries.get(scope) ?? [];
      let n = cursors[scope] ?? 0;
      for (; n < list.length && left > 0; left--) {
        const entry = list[n];
        n++;
        if (entry !== undefined) lines.push({ ...entry, scope, n } as PullLine);
      }
      reached[scope] = n;
    }
    for (const scope of scopes)
      if (reached[scope] === (this.entries.get(scope) ?? []).length)
        lines.push({ k: 'checksum', scope, ...this.checksum(scope) });
    const more = scopes.some((scope) => reached[scope] !== (this.entries.get(scope) ?? []).length);
    lines.push({ k: 'end', cursors: reached, more });
    return this.tamper(lines);
  }

  /** The host of a laptop whose journal holds these facts. */
  host(journal: readonly DomainEvent[] = []): EngineHost {
    const stream = async function* <T>(item: T): AsyncGenerator<T> {
      yield item;
    };
    const follow = async function* (): AsyncGenerator<JournalItem> {
      yield { k: 'events', events: [...journal] };
      yield { k: 'live' } as JournalItem;
    };
    let segments = 0;
    return {
      journal: { observe: async () => ({}), follow },
      sync: {
        pull: (input: { epoch: string | null; cursors: Record<string, number> }) => {
          this.asked.push('pull');
          return stream({ lines: this.pull(input.epoch, input.cursors) });
        },
        bootstrap: async ({ scope }: { scope?: string }) => {
          this.asked.push(`bootstrap ${scope ?? '*'}`);
          return this.manifest(scope);
        },
        segment: async ({ sha256, left }: { sha256: string; left: number }) => {
          this.lefts.push(left);
          if (++segments > this.failsAtSegment) throw new HostError('sync.offline', 'Offline.');
          this.asked.push('segment');
          return { bytes: this.#segments.get(sha256) };
        },
        entity: ({ key }: { key: string }) => {
          this.asked.push(`entity ${key}`);
          return stream({ lines: this.#linesOf(key) });
        },
        reportRepair: async (repair: { scope: string; expected: string; found: string }) => {
          this.repairs.push(repair);
          return {};
        },
      },
    } as unknown as EngineHost;
  }

  #linesOf(key: string): PullLine[] {
    return [...this.visible].flatMap((scope) =>
      this.factsIn(scope)
        .filter((event) => touches(event).includes(key))
        .map((event): PullLine => ({ k: 'event', scope, n: 0, event })),
    );
  }

  #deletedIn(scope: string): string[] {
    const list = this.entries.get(scope) ?? [];
    return [...new Set(list.flatMap((entry) => (entry.k === 'deleted' ? [entry.stream] : [])))];
  }

  #list(scope: string): Entry[] {
    const list = this.entries.get(scope) ?? [];
    this.entries.set(scope, list);
    return list;
  }

  #id(): string {
    return `00000000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`;
  }
}

/** Every entity that these facts touch, folded. */
export function rowsOf(facts: readonly DomainEvent[]): FoldedRow[] {
  const byKey = new Map<string, DomainEvent[]>();
  for (const event of facts)
    for (const key of touches(event)) byKey.set(key, [...(byKey.get(key) ?? []), event]);
  return [...byKey].flatMap(([key, events]) => foldEntity(key, events) ?? []);
}

/** The store behind its contract, without a worker in between. */
export function storeClient(name: string, options?: StoreHandlerOptions, now = () => 0): StoreClient {
  const { store } = createStoreHandlers(name, now, options);
  const signal = new AbortController().signal;
  return Object.fromEntries(
    Object.entries(store).map(([method, handle]) => [
      method,
      (input: unknown) => (handle as (input: unknown, call: unknown) => unknown)(input, { signal }),
    ]),
  ) as unknown as StoreClient;
}
