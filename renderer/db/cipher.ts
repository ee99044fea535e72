/** What is kept as content: an object where nothing protects it, sealed bytes where a key does. */
export type Body<T> = T | Uint8Array<ArrayBuffer>;

/** The bytes do not open: damaged, moved to another place, or sealed with a key that this laptop no longer has. */
export class Unreadable extends Error {
  constructor(place: string) {
    super(`What is kept as ${place} cannot be opened.`);
    this.name = 'Unreadable';
  }
}

/**
 * Seals what the store keeps. A sealed piece begins with its form: `0` as it
 * is, `1` AES-256-GCM under a random nonce of 96 bits (NIST SP 800-38D), with the form and its place in the database as
 * additional data, so that a piece put in another's place does not open. Both forms are read, whatever is written now.
 */
export class Cipher {
  readonly #key: CryptoKey | undefined;

  private constructor(key: CryptoKey | undefined) {
    this.#key = key;
  }

  /** Writes as it is: for a computer that has no place to keep a key. */
  static plain(): Cipher {
    return new Cipher(undefined);
  }

  /** @param raw 32 bytes; the key cannot be read out again. */
  static async withKey(raw: Uint8Array<ArrayBuffer>): Promise<Cipher> {
    return new Cipher(await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']));
  }

  get isKeyed(): boolean {
    return this.#key !== undefined;
  }

  /** @param place names the piece in the database, e.g. `page/<id>/rows`. */
  async seal(place: string, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#key === undefined) return joined(PLAIN, bytes);
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(parameters(iv, place), this.#key, bytes);
    return joined(SEALED, iv, new Uint8Array(sealed));
  }

  /** @throws Unreadable */
  async open(place: string, piece: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    if (piece[0] === PLAIN) return piece.subarray(1);
    if (piece[0] !== SEALED || this.#key === undefined) throw new Unreadable(place);
    const iv = piece.subarray(1, 1 + NONCE_BYTES);
    try {
      const opened = await crypto.subtle.decrypt(
        parameters(iv, place),
        this.#key,
        piece.subarray(1 + NONCE_BYTES),
      );
      return new Uint8Array(opened);
    } catch {
      // WebCrypto says no more than that it failed.
      throw new Unreadable(place);
    }
  }

  /** True for a piece that would be written otherwise today. */
  isOutdated(piece: unknown): boolean {
    return this.isKeyed && !(piece instanceof Uint8Array && piece[0] === SEALED);
  }

  /** A value that is read often and by itself: without a key it stays an object. */
  async sealValue<T>(place: string, value: T): Promise<Body<T>> {
    return this.isKeyed ? this.seal(place, utf8.encode(JSON.stringify(value))) : value;
  }

  /** @throws Unreadable */
  async openValue<T>(place: string, body: Body<T>): Promise<T> {
    if (!(body instanceof Uint8Array)) return body;
    return JSON.parse(text.decode(await this.open(place, body))) as T;
  }
}

const PLAIN = 0;
const SEALED = 1;
const NONCE_BYTES = 12;
const utf8 = new TextEncoder();
const text = new TextDecoder();

const parameters = (iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams => ({
  name: 'AES-GCM',
  iv,
  additionalData: utf8.encode(`faultline/${SEALED}/${place}`),
});

function joined(form: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  whole[0] = form;
  let at = 1;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
