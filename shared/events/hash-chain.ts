import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DomainEvent } from './envelope.ts';

/**
 * JSON with sorted keys and without `undefined`, so that the same fact has the
 * same bytes on every machine (in the manner of RFC 8785; our values are
 * strings, booleans, integers and short decimals).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of an event, in hex: what the next event of its device in its stream names as `prev`. */
export function hashEvent(event: DomainEvent): string {
  return bytesToHex(sha256(new TextEncoder().encode(canonicalJson(event))));
}

export interface ChainBreak {
  readonly event: DomainEvent;
  readonly expected: string;
}

/**
 * Checks the chain of each device in one stream.
 * @param events all events of the stream, each device's in the order it made them.
 * @returns the first event of each device whose `prev` does not name its predecessor.
 */
export function findChainBreaks(events: readonly DomainEvent[]): ChainBreak[] {
  const last = new Map<string, string>();
  const broken = new Map<string, ChainBreak>();
  for (const event of events) {
    const expected = last.get(event.device) ?? '';
    if (event.prev !== expected && !broken.has(event.device)) broken.set(event.device, { event, expected });
    last.set(event.device, hashEvent(event));
  }
  return [...broken.values()];
}
