import { createDecipheriv } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  BUNDLE_MAGIC,
  BUNDLE_VERSION,
  type BundleHeader,
  BundleHeaderSchema,
  FRAME_KINDS,
  type FrameKind,
  frameNonce,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
  TAG_BYTES,
} from '#shared/bundle/format.ts';
import { damagedBundle, tooLargeBundle } from './bundle-error.ts';
import { openSeal } from './bundle-key.ts';
import { contextOf } from './frame-writer.ts';

export interface Frame {
  readonly kind: FrameKind;
  readonly content: Buffer;
}

const KINDS = new Map(Object.entries(FRAME_KINDS).map(([name, code]) => [code, name as FrameKind] as const));
const PREFIX_BYTES = BUNDLE_MAGIC.length + 1 + 4;

/** Reads the frames of a bundle. Only one is ever in memory, and none is given out before it was found authentic. */
export class FrameReader {
  readonly #path: string;
  readonly #key: Buffer;
  readonly #context: Buffer;
  readonly #start: number;

  private constructor(path: string, key: Buffer, prefix: Buffer) {
    this.#path = path;
    this.#key = key;
    this.#context = contextOf(prefix);
    this.#start = prefix.length;
  }

  /** @throws HostError `bundle.wrongPassphrase`, `bundle.damaged`. */
  static async open(path: string, passphrase: string): Promise<FrameReader> {
    const file = await openFile(path);
    try {
      const fixed = await readAt(file, 0, PREFIX_BYTES);
      if (fixed?.toString('latin1', 0, BUNDLE_MAGIC.length) !== BUNDLE_MAGIC) throw damagedBundle('magic');
      if (fixed[BUNDLE_MAGIC.length] !== BUNDLE_VERSION) throw damagedBundle('version');
      const length = fixed.readUInt32BE(BUNDLE_MAGIC.length + 1);
      const text = length > MAX_HEADER_BYTES ? undefined : await readAt(file, PREFIX_BYTES, length);
      if (text === undefined) throw damagedBundle('header');
      const key = await openSeal(parseHeader(text), passphrase);
      return new FrameReader(path, key, Buffer.concat([fixed, text]));
    } finally {
      await file.close();
    }
  }

  /** All frames up to the last. @throws HostError `bundle.damaged`, `bundle.tooLarge`; what came before was authentic all the same. */
  async *frames(): AsyncGenerator<Frame> {
    const file = await openFile(this.#path);
    try {
      let offset = this.#start;
      for (let number = 0; ; number++) {
        const length = (await readAt(file, offset, 4))?.readUInt32BE(0);
        if (length === undefined || length < TAG_BYTES + 1) throw damagedBundle(`frame ${number}`);
        if (length > MAX_FRAME_BYTES + TAG_BYTES + 1) throw tooLargeBundle();
        const sealed = await readAt(file, offset + 4, length);
        offset += 4 + length;
        const plain = sealed && this.#open(sealed, number);
        const kind = plain && KINDS.get(plain[0] as 1);
        if (plain === undefined || kind === undefined) throw damagedBundle(`frame ${number}`);
        if (kind === 'end' && (await readAt(file, offset, 1)) !== undefined)
          throw damagedBundle('after the end');
        yield { kind, content: plain.subarray(1) };
        if (kind === 'end') return;
      }
    } finally {
      await file.close();
    }
  }

  /** The last frame alone has the nonce of a last frame: a file that was cut off has none. */
  #open(sealed: Buffer, number: number): Buffer | undefined {
    for (const isLast of [false, true]) {
      const plain = this.#decrypt(sealed, frameNonce(number, isLast));
      if (plain !== undefined) return (plain[0] === FRAME_KINDS.end) === isLast ? plain : undefined;
    }
    return undefined;
  }

  #decrypt(sealed: Buffer, nonce: Uint8Array): Buffer | undefined {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#context);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    try {
      const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
      decipher.final();
      return plain;
    } catch {
      // GCM says no more than "not authentic".
      return undefined;
    }
  }
}

function parseHeader(text: Buffer): BundleHeader {
  try {
    return BundleHeaderSchema.parse(JSON.parse(text.toString('utf8')));
  } catch {
    // Whatever is wrong with it, no key comes of it.
    throw damagedBundle('header');
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (thrown) {
    throw damagedBundle(String((thrown as NodeJS.ErrnoException).code));
  }
  throw damagedBundle('not a file');
}

/** `undefined` when the file ends before. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(bytes, got, length - got, offset + got);
    if (bytesRead === 0) return undefined;
    got += bytesRead;
  }
  return bytes;
}
