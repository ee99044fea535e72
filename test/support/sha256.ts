import { hash } from 'node:crypto';

/** In hex, as names of attachments and segments are. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
