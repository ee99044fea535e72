import { openAsBlob } from 'node:fs';
import { pause, type Timers } from './engine-ports.ts';
import type { ServerClient } from './server-client.ts';
import { badAnswer, SyncError } from './sync-error.ts';

/** The part of the client that an upload needs. */
export type UploadLine = Pick<ServerClient, 'upload'>;

export interface TusUpload {
  readonly line: UploadLine;
  readonly sha256: string;
  readonly path: string;
  /** Of the file, bytes. */
  readonly size: number;
  /** The upload that was begun before, if any. */
  readonly id: string | undefined;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Told before the first byte goes and after each piece; what it returns is waited for. */
  readonly onProgress: (id: string, sentBytes: number) => void | Promise<void>;
}

const MB = 1024 * 1024;
const SMALLEST_PIECE = MB;
const LARGEST_PIECE = 8 * MB;
/** A piece that took less is followed by a larger one, one that took more by a smaller one. */
const QUICK_MS = 2_000;
const SLOW_MS = 10_000;
/** Another request of the same upload is still at work on the server: it lets go within seconds. */
const LOCK_TRIES = 8;
const LOCK_WAIT_MS = 500;
const LONGEST_LOCK_WAIT_MS = 10_000;
/** A server that forgets uploads again and again is at fault. */
const MAX_BEGINNINGS = 3;
const MAX_MISMATCHES = 5;

/**
 * Sends a file by tus 1.0 (https://tus.io/protocols/resumable-upload), from where it was left. When it resolves, the server has
 * all bytes; whether it keeps them for good, its receipt says.
 * @returns false when the server has the content already.
 * @throws SyncError; what was sent so far is not lost.
 */
export async function tusUpload(upload: TusUpload): Promise<boolean> {
  const { line, size, signal, onProgress, monotonicMs, timers } = upload;
  const file = await openAsBlob(upload.path);
  let { id } = upload;
  let piece = SMALLEST_PIECE;
  let mismatches = 0;
  for (let beginnings = 0; ;) {
    let offset = 0;
    try {
      if (id === undefined) {
        beginnings++;
        id = await create(upload);
      } else {
        offset = await offsetOf(upload, id);
        // It died between the last byte and the look at the whole: an empty piece makes it look.
        if (offset === size) await sendPiece(upload, id, offset, new Blob([]));
      }
      await onProgress(id, offset);
      while (offset < size) {
        const startMs = monotonicMs();
        const body = file.slice(offset, Math.min(offset + piece, size));
        offset = await sendPiece(upload, id, offset, body);
        await onProgress(id, offset);
        const tookMs = monotonicMs() - startMs;
        if (tookMs < QUICK_MS) piece = Math.min(piece * 2, LARGEST_PIECE);
        else if (tookMs > SLOW_MS) piece = Math.max(piece / 2, SMALLEST_PIECE);
      }
      return true;
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || signal.aborted) throw thrown;
      const { status, serverCode } = thrown.detail;
      if (serverCode === 'blob.known') return false;
      const isGone = id !== undefined && (status === 404 || status === 410);
      if (isGone && beginnings < MAX_BEGINNINGS) {
        id = undefined;
        continue;
      }
      // The offset on the server is another one (an answer got lost): ask, and go on from there.
      if (status === 409 && id !== undefined && ++mismatches <= MAX_MISMATCHES) continue;
      throw thrown;
    }
  }

  /** Waits while the upload is locked. */
  async function patient<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (thrown) {
        const isLocked = thrown instanceof SyncError && thrown.detail['status'] === 423;
        if (!isLocked || tries >= LOCK_TRIES) throw thrown;
        const waitMs = thrown.retryAfterMs ?? LOCK_WAIT_MS * tries;
        await pause(timers, Math.min(waitMs, LONGEST_LOCK_WAIT_MS), signal);
      }
    }
  }

  async function offsetOf({ size }: TusUpload, id: string): Promise<number> {
    const { headers } = await patient(() => line.upload({ path: pathOf(id), method: 'HEAD', signal }));
    return numberIn(headers, 'upload-offset', size);
  }

  async function sendPiece({ size }: TusUpload, id: string, offset: number, body: Blob): Promise<number> {
    const { headers } = await patient(() =>
      line.upload({
        path: pathOf(id),
        method: 'PATCH',
        body,
        headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
        signal,
      }),
    );
    const next = numberIn(headers, 'upload-offset', size);
    // Standing still would never end.
    if (next <= offset && body.size > 0) throw badAnswer('upload offset');
    return next;
  }
}

async function create({ line, sha256, size, signal }: TusUpload): Promise<string> {
  const { headers } = await line.upload({
    path: '/v1/uploads',
    method: 'POST',
    headers: {
      'upload-length': String(size),
      'upload-metadata': `sha256 ${Buffer.from(sha256).toString('base64')}`,
    },
    signal,
  });
  // Only the name counts: a proxy may have put another host or path before it.
  const id = /([A-Za-z0-9_-]{1,200})\/?$/.exec(headers.get('location') ?? '')?.[1];
  if (id === undefined) throw badAnswer('upload location');
  return id;
}

const pathOf = (id: string): string => `/v1/uploads/${id}`;

function numberIn(headers: Headers, name: string, largest: number): number {
  const text = headers.get(name) ?? '';
  const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > largest) throw badAnswer(name);
  return value;
}
