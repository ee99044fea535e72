import { createHash } from 'node:crypto';

/** A server's public host key. It is public: it may be shown, stored and logged. */
export interface HostKey {
  /** The key's own type, e.g. `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`. */
  readonly algorithm: string;
  /** The key blob of RFC 4253 section 6.6 in base64, as in a known_hosts line. */
  readonly key: string;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Key length, for RSA only: the other types say it in their name. */
  readonly bits?: number;
}

/** Reads a host key blob. Undefined when the bytes are none. */
export function parseHostKey(blob: Uint8Array): HostKey | undefined {
  const bytes = Buffer.from(blob);
  const algorithm = field(bytes, 0);
  if (algorithm === undefined || !/^[\x21-\x7e]{1,64}$/.test(algorithm.toString('latin1'))) return undefined;
  const name = algorithm.toString('latin1');
  const hostKey = {
    algorithm: name,
    key: bytes.toString('base64'),
    fingerprint: fingerprintOf(bytes),
  };
  if (name !== 'ssh-rsa') return hostKey;
  const exponent = field(bytes, 4 + algorithm.length);
  const modulus = exponent && field(bytes, 8 + algorithm.length + exponent.length);
  if (modulus === undefined) return undefined;
  return { ...hostKey, bits: bitLength(modulus) };
}

/** The SHA-256 fingerprint of a key blob in OpenSSH's spelling. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function field(bytes: Buffer, at: number): Buffer | undefined {
  if (at + 4 > bytes.length) return undefined;
  const end = at + 4 + bytes.readUInt32BE(at);
  return end <= bytes.length ? bytes.subarray(at + 4, end) : undefined;
}

function bitLength(integer: Buffer): number {
  const first = integer.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return (integer.length - first) * 8 - Math.clz32(integer[first] ?? 0) + 24;
}
