import { createCipheriv, createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import {
  BUNDLE_MAGIC,
  BUNDLE_VERSION,
  FRAME_KINDS,
  type FrameKind,
  frameNonce,
} from '#shared/bundle/format.ts';
import type { BundleSeal } from './bundle-key.ts';

/** Writes the frames of a bundle one after the other; only one is ever in memory. */
export class FrameWriter {
  readonly #file: FileHandle;
  readonly #key: Buffer;
  readonly #context: Buffer;
  #count = 0;
  bytes: number;

  private constructor(file: FileHandle, key: Buffer, prefix: Buffer) {
    this.#file = file;
    this.#key = key;
    this.#context = contextOf(prefix);
    this.bytes = prefix.length;
  }

  static async begin(file: FileHandle, { header, key }: BundleSeal): Promise<FrameWriter> {
    const text = Buffer.from(JSON.stringify(header), 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    const prefix = Buffer.concat([Buffer.from(BUNDLE_MAGIC), Buffer.from([BUNDLE_VERSION]), length, text]);
    await file.appendFile(prefix);
    return new FrameWriter(file, key, prefix);
  }

  async write(kind: FrameKind, content: Uint8Array | object): Promise<void> {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content), 'utf8');
    const cipher = createCipheriv('aes-256-gcm', this.#key, frameNonce(this.#count++, kind === 'end'));
    cipher.setAAD(this.#context);
    const sealed = [cipher.update(Uint8Array.of(FRAME_KINDS[kind])), cipher.update(bytes), cipher.final()];
    sealed.push(cipher.getAuthTag());
    const length = Buffer.alloc(4);
    length.writeUInt32BE(sealed.reduce((sum, part) => sum + part.length, 0));
    const frame = Buffer.concat([length, ...sealed]);
    await this.#file.appendFile(frame);
    this.bytes += frame.length;
  }
}

/** What every frame is bound to: magic, version and header. */
export function contextOf(prefix: Buffer): Buffer {
  return createHash('sha256').update(prefix).digest();
}
