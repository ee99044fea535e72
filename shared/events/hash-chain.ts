import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DomainEvent } from './envelope.ts';

/**
 * JSON with sorted keys and without `undefined`, so that the same fact has the
 * same bytes on every machine (in the manner of RFC 8785; our values are
 * strings, booleans, integers and short decimals).
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Plain loops: every event passes here at every hop.
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item ?? null)}`;
    return `[${text}]`;
  }
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record).sort()) {
    const item = record[key];
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${text}}`;
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
