import { z } from 'zod';
import { HostError } from '#shared/host/errors.ts';
import type { UnsentBlob } from '#shared/host/sync.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { NamedBlob } from '#shared/events/named-blobs.ts';
import { JsonFile } from '../workspace/json-file.ts';
import {
  type BlobUploads,
  systemTimers,
  type Timers,
  type UploadLimits,
  type ListedBlob,
  type UploadProgress,
} from './engine-ports.ts';
import type { ServerClient } from './server-client.ts';
import { failureOf } from './failure-of.ts';
import { SyncError } from './sync-error.ts';
import { tusUpload } from './tus-upload.ts';

/** Who knows attachments that the server does not hold yet: the journal, and what was taken in from other laptops. */
export type BlobSource = Pick<Journal, 'undeliveredNames' | 'noteDeliveredBlobs'>;

export interface AttachmentUploadsOptions {
  readonly sources: readonly BlobSource[];
  readonly blobs: BlobStore;
  readonly client: Pick<ServerClient, 'receipt' | 'putBlob' | 'upload'>;
  readonly clock: Clock;
  /** Those of this process when not given. */
  readonly timers?: Timers | undefined;
  /** Remembers uploads under way, so that a restart goes on where it was. */
  readonly file: string;
}

type Priority = UnsentBlob['priority'];

interface Attachment extends NamedBlob {
  readonly size: number;
  readonly priority: Priority;
}

interface SetBack {
  readonly failures: number;
  /** Of the last one. */
  readonly code: string;
}

const UnderWaySchema = z.record(z.string(), z.object({ id: z.string(), sentBytes: z.number() }));

const KB = 1024;
const MB = 1024 * KB;
/** Sent in one piece the first time: a resumable upload would cost more requests than it could save. */
const SMALL = 256 * KB;
const LARGE = 16 * MB;
/** On a metered network nothing longer travels. */
const METERED_MAX = 2 * MB;
/** What a server, or a proxy before it, says of itself. */
const BUSY: ReadonlySet<unknown> = new Set([408, 429, 502, 503, 504]);
const RANK: Readonly<Record<Priority, number>> = { first: 0, normal: 1, last: 2 };

/**
 * Brings attachments to the server, small ones first. The bytes here are never touched: a blob counts as delivered when the
 * server's receipt says that it holds it for good, and not before.
 */
export class AttachmentUploads implements BlobUploads {
  readonly #options: AttachmentUploadsOptions;
  readonly #file: JsonFile<typeof UnderWaySchema>;
  readonly #listeners = new Set<(progress: UploadProgress) => void>();
  /** Small ones that did not get through in one piece: from then on they go so that what arrived counts. */
  readonly #cutOff = new Set<string>();
  /** Passed over -> why. */
  readonly #refused = new Map<string, string>();
  /** Failed, and it was not the line: others go before it. */
  readonly #setBack = new Map<string, SetBack>();
  #underWay: z.infer<typeof UnderWaySchema> = {};
  #reading: Promise<void> | undefined;
  #sending: string | undefined;
  #isMetered = false;

  constructor(options: AttachmentUploadsOptions) {
    this.#options = options;
    this.#file = new JsonFile(options.file, UnderWaySchema);
  }

  async list(): Promise<ListedBlob[]> {
    await this.#read();
    const { here, missing } = await this.#unsent();
    return [
      ...here.map(({ sha256, size, priority, at, stream }) => ({
        sha256,
        bytes: size,
        sentBytes: this.#underWay[sha256]?.sentBytes ?? 0,
        priority,
        state: this.#stateOf(sha256, size, priority),
        reason: this.#refused.get(sha256) ?? this.#setBack.get(sha256)?.code ?? null,
        at,
        stream,
      })),
      ...missing.map(({ sha256, kind, at, stream }) => ({
        sha256,
        bytes: 0,
        sentBytes: 0,
        priority: priorityOf(kind, 0),
        state: 'missing' as const,
        reason: 'blobs.missing',
        at,
        stream,
      })),
    ];
  }

  async sendNext(signal: AbortSignal, { isMetered }: UploadLimits): Promise<'sent' | 'refused' | 'nothing'> {
    this.#isMetered = isMetered;
    await this.#read();
    const { here } = await this.#unsent();
    const [next] = here
      .filter(({ sha256, size, priority }) => this.#stateOf(sha256, size, priority) === 'waiting')
      .sort((a, b) => this.#failuresOf(a) - this.#failuresOf(b));
    if (next === undefined) return 'nothing';
    this.#sending = next.sha256;
    try {
      const reason = await this.#deliver(next, signal);
      this.#setBack.delete(next.sha256);
      if (reason === undefined) return 'sent';
      this.#refused.set(next.sha256, reason);
      return 'refused';
    } catch (thrown) {
      this.#noteFailure(next, thrown);
      throw thrown;
    } finally {
      this.#sending = undefined;
    }
  }

  retryRefused(): void {
    this.#refused.clear();
  }

  onProgress(listener: (progress: UploadProgress) => void): () => void {
    const one = (progress: UploadProgress): void => listener(progress);
    this.#listeners.add(one);
    return () => this.#listeners.delete(one);
  }

  #stateOf(sha256: string, size: number, priority: Priority): UnsentBlob['state'] {
    if (this.#sending === sha256) return 'sending';
    if (this.#refused.has(sha256)) return 'refused';
    return this.#isMetered && (priority === 'last' || size > METERED_MAX) ? 'metered' : 'waiting';
  }

  #failuresOf({ sha256 }: Attachment): number {
    return this.#setBack.get(sha256)?.failures ?? 0;
  }

  /** A line that is cut and a server that is busy say nothing about what was sent. Anything else may be wrong with this one alone. */
  #noteFailure(blob: Attachment, thrown: unknown): void {
    const { kind, code } = failureOf(thrown);
    if (kind !== 'here' && code !== 'sync.serverFault' && code !== 'sync.badAnswer') return;
    if (thrown instanceof SyncError && BUSY.has(thrown.detail['status'])) return;
    this.#setBack.set(blob.sha256, { failures: this.#failuresOf(blob) + 1, code });
  }

  /** @returns why it was passed over, `undefined` when the server holds it for good. */
  async #deliver(blob: Attachment, signal: AbortSignal): Promise<string | undefined> {
    const { blobs, sources } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        const isDurable = await this.#send(blob, signal);
        if (!isDurable) return 'blob.notDurable';
        for (const source of sources) await source.noteDeliveredBlobs([blob.sha256]);
        await this.#remember(blob.sha256, undefined);
        this.#cutOff.delete(blob.sha256);
        this.#tell(blob, blob.size);
        return undefined;
      } catch (thrown) {
        if (thrown instanceof HostError && thrown.code === 'blob.damagedHere') return thrown.code;
        if (!(thrown instanceof SyncError) || thrown.code !== 'sync.refusedRequest') throw thrown;
        const said = thrown.detail['serverCode'];
        const code = typeof said === 'string' && said !== '' ? said : thrown.code;
        await this.#remember(blob.sha256, undefined);
        if (code !== 'blob.wrongHash') return code;
        // The way or the disk: only reading it again tells.
        if (!(await blobs.verify(blob.sha256))) return 'blob.damagedHere';
        if (tries > 1) return code;
      }
    }
  }

  /** @returns whether the server holds it for good. */
  async #send(blob: Attachment, signal: AbortSignal): Promise<boolean> {
    const { blobs, client, clock } = this.#options;
    const { sha256, size } = blob;
    const path = blobs.path(sha256);
    const isResumable = this.#cutOff.has(sha256) || this.#underWay[sha256] !== undefined;
    if (size <= SMALL && !isResumable) return this.#sendWhole(sha256, path, signal);
    const before = await client.receipt(sha256, signal);
    if (before?.size === size) return before.durable;
    try {
      await tusUpload({
        line: client,
        sha256,
        path,
        size,
        id: this.#underWay[sha256]?.id,
        monotonicMs: () => clock.monotonicMs(),
        timers: this.#options.timers ?? systemTimers,
        signal,
        onProgress: async (id, sentBytes) => {
          await this.#remember(sha256, { id, sentBytes });
          this.#tell(blob, sentBytes);
        },
      });
    } catch (thrown) {
      // A server of protocol 1 has no such route: it takes the file in one piece.
      const isUnknown = thrown instanceof SyncError && thrown.detail['status'] === 404;
      if (!isUnknown || this.#underWay[sha256] !== undefined) throw thrown;
      return (await client.putBlob(sha256, path, signal)).durable;
    }
    const receipt = await client.receipt(sha256, signal);
    if (receipt?.size !== size)
      throw new SyncError('sync.serverFault', 'The server has taken an attachment and does not know it.');
    return receipt.durable;
  }

  async #sendWhole(sha256: string, path: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.#options.client.putBlob(sha256, path, signal)).durable;
    } catch (thrown) {
      // On a line of 1 KB/s no limit of time would be long enough for it, each time from the beginning.
      const isLine =
        !(thrown instanceof SyncError) || thrown.code === 'sync.offline' || thrown.code === 'sync.cutOff';
      if (isLine) this.#cutOff.add(sha256);
      throw thrown;
    }
  }

  async #unsent(): Promise<{ here: Attachment[]; missing: NamedBlob[] }> {
    const here: Attachment[] = [];
    const missing: NamedBlob[] = [];
    const seen = new Set<string>();
    for (const named of this.#options.sources.flatMap((source) => source.undeliveredNames())) {
      if (seen.has(named.sha256)) continue;
      seen.add(named.sha256);
      const size = await this.#options.blobs.size(named.sha256);
      if (size !== undefined) here.push({ ...named, size, priority: priorityOf(named.kind, size) });
      else if (named.isAttachment) missing.push(named);
    }
    here.sort((a, b) => RANK[a.priority] - RANK[b.priority] || a.size - b.size);
    return { here, missing };
  }

  #tell({ sha256, size }: Attachment, sentBytes: number): void {
    for (const listener of this.#listeners) listener({ sha256, sentBytes, bytes: size });
  }

  #read(): Promise<void> {
    this.#reading ??= this.#file.read().then(
      (kept) => {
        this.#underWay = kept ?? {};
      },
      (thrown: unknown) => {
        // The next one reads again: what the disk refuses now it may give later.
        this.#reading = undefined;
        throw thrown;
      },
    );
    return this.#reading;
  }

  async #remember(sha256: string, upload: { id: string; sentBytes: number } | undefined): Promise<void> {
    const { [sha256]: before, ...others } = this.#underWay;
    if (before === undefined && upload === undefined) return;
    this.#underWay = upload === undefined ? others : { ...others, [sha256]: upload };
    try {
      await this.#file.write(this.#underWay);
    } catch (thrown) {
      // A full disk costs the memory of how far it was, not the upload.
      if (!(thrown instanceof HostError) || thrown.code !== 'host.diskFull') throw thrown;
    }
  }
}

/** Signatures and small pictures first, recordings and what is large last. */
export function priorityOf(kind: string | undefined, size: number): Priority {
  if (kind === 'signature' || (size <= SMALL && kind !== 'recording')) return 'first';
  return kind === 'recording' || size > LARGE ? 'last' : 'normal';
}
