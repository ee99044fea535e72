import type { DomainEvent } from './envelope.ts';

/** A hash in the data of a fact, and what the fact says of it. */
export interface NamedBlob {
  readonly sha256: string;
  readonly stream: string;
  /** When the fact was written. */
  readonly at: string;
  /** `signature`, `recording`, `photo` …; `undefined` when the fact does not say. */
  readonly kind: string | undefined;
  /** The fact speaks of an attachment for sure; another hash may be anything. */
  readonly isAttachment: boolean;
}

const SHA256 = /^[0-9a-f]{64}$/;
/** Data come from our own schemas and from newer ones; nothing legitimate nests deeper. */
const MAX_DEPTH = 64;

/**
 * Every hash that a fact names, once for each place: found in whatever field it stands, so also in types that only newer versions
 * know. Laptops send what is named here, and the server gives it to who may see the fact.
 */
export function namedBlobsIn({ stream, at, data }: DomainEvent): NamedBlob[] {
  const found: NamedBlob[] = [];
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
    for (const [key, item] of Object.entries(value)) {
      if (typeof item !== 'string' || !SHA256.test(item)) {
        look(item, depth + 1);
        continue;
      }
      const { kind, size } = value as { kind?: unknown; size?: unknown };
      const isSignature = key === 'signature';
      const isFile = key === 'sha256' && typeof size === 'number';
      found.push({
        sha256: item,
        stream,
        at,
        kind: isSignature ? 'signature' : isFile && typeof kind === 'string' ? kind : undefined,
        isAttachment: isSignature || isFile,
      });
    }
  };
  look(data, 0);
  return found;
}
