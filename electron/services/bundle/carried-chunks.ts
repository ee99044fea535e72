import { createHash, createPublicKey, verify } from 'node:crypto';
import { carriedText } from '#shared/bundle/format.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import { type CarriedRequest, MAX_PUSH_BYTES, MAX_PUSH_EVENTS } from '#shared/sync/protocol.ts';

/** Signs with the device's key, as base64url. */
export interface Signer {
  readonly publicKey: string;
  sign(text: string): string;
}

/** Room in a request for what is not events. */
const ENVELOPE_BYTES = 4096;

/** The facts in signed portions that a server takes in one request; one larger than that goes alone. */
export function carriedChunks(
  device: string,
  events: readonly DomainEvent[],
  signer: Signer,
): CarriedRequest[] {
  const chunks: DomainEvent[][] = [];
  let open: DomainEvent[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 1;
    if (open.length > 0 && (bytes + size > MAX_PUSH_BYTES || open.length >= MAX_PUSH_EVENTS)) {
      chunks.push(open);
      open = [];
      bytes = ENVELOPE_BYTES;
    }
    open.push(event);
    bytes += size;
  }
  if (open.length > 0) chunks.push(open);
  return chunks.map((portion) => ({
    device,
    events: portion,
    signature: signer.sign(carriedText(device, hashOfEvents(portion))),
  }));
}

/** Whether the device with this key has signed these facts. */
export function isSignedBy(publicKey: string, { device, events, signature }: CarriedRequest): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' });
    const text = Buffer.from(carriedText(device, hashOfEvents(events)), 'utf8');
    return (
      key.asymmetricKeyType === 'ed25519' && verify(null, text, key, Buffer.from(signature, 'base64url'))
    );
  } catch {
    // No key, or none of this kind.
    return false;
  }
}

/** SHA-256 hex of the facts as canonical JSON. */
export function hashOfEvents(events: readonly DomainEvent[]): string {
  return createHash('sha256').update(canonicalJson(events)).digest('hex');
}
