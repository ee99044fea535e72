import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { PullLine } from '#shared/sync/protocol.ts';

/** Of a set of entries: how many, and their order-free hash. */
export interface Checksum {
  readonly count: number;
  readonly hash: string;
}

/** Where pulling stands. Written in the same transaction as the facts it stands for. */
export interface SyncPosition {
  readonly epoch: string | null;
  /** A scope that is here whole up to its cursor has one; while a bootstrap is under way not every scope has. */
  readonly cursors: Readonly<Record<string, number>>;
  /** Over all entries of a scope up to its cursor. */
  readonly checksums: Readonly<Record<string, Checksum>>;
  /** Every scope of the last bootstrap is here. */
  readonly isBootstrapped: boolean;
  /** The pages that make up the base of a scope; where two hold a row, the later one stands. */
  readonly pages: Readonly<Record<string, readonly string[]>>;
  /** Scopes whose right was lost, and streams that left: facts of them that wait here are not shown until they come back. */
  readonly hidden: readonly string[];
  /** Streams that the office has purged: what the journal has of them is not shown, also when a late fact of somebody arrives. */
  readonly deleted: readonly string[];
}

export const NOWHERE: SyncPosition = {
  epoch: null,
  cursors: {},
  checksums: {},
  isBootstrapped: false,
  pages: {},
  hidden: [],
  deleted: [],
};

export const allPages = ({ pages }: SyncPosition): string[] => Object.values(pages).flat();

/** A scope whose checksum differs from the server's. */
export interface Mismatch {
  readonly scope: string;
  readonly expected: string;
  readonly found: string;
}

const told = ({ count, hash }: Checksum): string => `${count}:${hash}`;

/**
 * The cursors and checksums after a complete pull, and the scopes whose checksum now differs from what the server says.
 * Entries up to the cursor are counted already and passed over, unless the server began again at 1.
 */
export function advance(
  position: SyncPosition,
  lines: readonly PullLine[],
): { cursors: SyncPosition['cursors']; checksums: SyncPosition['checksums']; mismatched: Mismatch[] } {
  const end = lines.find((line) => line.k === 'end');
  const cursors = { ...position.cursors };
  const checksums = { ...position.checksums };
  for (const [scope, reached] of Object.entries(end?.cursors ?? {})) {
    const entries = lines.flatMap((line) => {
      if (line.k === 'event') return line.scope === scope ? [{ n: line.n, id: line.event.id }] : [];
      return (line.k === 'left' || line.k === 'deleted') && line.scope === scope
        ? [{ n: line.n, id: line.id }]
        : [];
    });
    const startsOver = entries[0]?.n === 1;
    const cursor = startsOver ? 0 : (cursors[scope] ?? 0);
    let { count, hash } = (startsOver ? undefined : checksums[scope]) ?? { count: 0, hash: EMPTY_CHECKSUM };
    for (const { n, id } of entries) {
      if (n <= cursor) continue;
      count++;
      hash = addToChecksum(hash, id);
    }
    cursors[scope] = startsOver ? reached : Math.max(cursor, reached);
    checksums[scope] = { count, hash };
  }
  const mismatched = lines.flatMap((line) => {
    if (line.k !== 'checksum') return [];
    const found = checksums[line.scope] ?? { count: 0, hash: EMPTY_CHECKSUM };
    return told(found) === told(line)
      ? []
      : [{ scope: line.scope, expected: told(line), found: told(found) }];
  });
  return { cursors, checksums, mismatched };
}
