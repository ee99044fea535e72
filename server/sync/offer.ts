import { createHash } from 'node:crypto';
import { HORIZON_MS, parseHlc } from '#shared/events/hlc.ts';
import { EventSchema, type DomainEvent } from '#shared/events/envelope.ts';
import { canonicalJson } from '#shared/events/hash-chain.ts';
import type { Verdict } from '#shared/sync/protocol.ts';

/** An event as a device offers it, readable or not. */
export interface Offer {
  readonly id: string;
  /** SHA-256 of the canonical text: tells a repeated offer from a forked one. */
  readonly hash: string;
  /** Canonical JSON of what was sent. */
  readonly body: string;
  readonly stream: string;
  readonly hlc: string;
  /** Absent when the envelope is malformed; `fault` says why. */
  readonly event: DomainEvent | undefined;
  readonly fault: string;
}

/** An offer with the server's word on it. */
export interface Judged {
  readonly offer: Offer;
  readonly verdict: Verdict;
  /** The fact is taken only because its stream is shared with the author. */
  readonly byGuest: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Streams and scopes: `<noun>/<id>`, or one word such as `org`. Printable, no space: they become keys. */
const NAME = /^[a-z][A-Za-z0-9-]*(\/[^\s\p{C}]+)?$/u;
/** PostgreSQL holds neither NUL nor half a surrogate pair in text. */
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Clocks that have reached the horizon go on in steps of their counter: this is room for all of them. */
const LATEST_MS = HORIZON_MS + 86_400_000;

/** Far more than any event needs, far less than what exhausts the stack of a recursive reader. */
const MAX_DEPTH = 64;

/** A text about what somebody sent, so that the database can hold it. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed().slice(0, 500);
}

/**
 * Reads one element of a push. A malformed one becomes an offer without an event, so that it gets its own
 * verdict and the others in the push are not held up.
 * @returns `undefined` when there is not even an id to answer to.
 */
export function readOffer(value: unknown): Offer | undefined {
  const id = (value as { id?: unknown } | null)?.id;
  if (typeof id !== 'string' || !UUID.test(id)) return undefined;
  if (isTooDeep(value)) return malformed(id, { id }, `nested deeper than ${MAX_DEPTH} levels`);
  const parsed = EventSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return malformed(id, value, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const event = parsed.data;
  const fault = envelopeFault(event);
  if (fault !== undefined) return malformed(id, value, fault);
  const body = canonicalJson(event);
  return { id, hash: hashOf(body), body, stream: event.stream, hlc: event.hlc, event, fault: '' };
}

/** As `hashEvent` has it, over the text that is there already, by the faster hash of this side. */
function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

function envelopeFault(event: DomainEvent): string | undefined {
  if (!NAME.test(event.stream)) return 'stream: not a name';
  if (!NAME.test(event.scope)) return 'scope: not a name';
  try {
    if (parseHlc(event.hlc).ms > LATEST_MS) return 'hlc: from beyond the horizon of all clocks';
  } catch (error) {
    if (error instanceof Error) return 'hlc: not a stamp';
    throw error;
  }
  if (!/^[\x21-\x7E]+$/.test(event.hlc)) return 'hlc: not a stamp';
  if (UNSTORABLE.test(event.actor + event.device + event.prev)) return 'actor: not storable';
  return undefined;
}

function malformed(id: string, value: unknown, fault: string): Offer {
  const body = canonicalJson(value);
  return {
    id,
    hash: hashOf(body),
    body,
    stream: '',
    hlc: '',
    event: undefined,
    fault,
  };
}

/** Level by level, without recursion: the nesting may be as deep as the request is long. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
