import type { PullRequest } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import type { Sql } from '../db/database.ts';
import { entryLine, readFeed } from './feed.ts';
import { hashText } from './hash-text.ts';
import { viewOf, visibleScopes } from './rights.ts';

/** A page is applied by the laptop in one piece: large enough to be few, small enough to be held. */
export interface PageLimits {
  readonly events: number;
  readonly bytes: number;
}
export const PAGE: PageLimits = { events: 2_000, bytes: 8 * 1024 * 1024 };

interface ScopeHead {
  readonly scope: string;
  readonly head: number;
  readonly hash: string;
}

/**
 * What the device does not have yet, as lines of NDJSON ready to send: all
 * read in one snapshot, so that events, acknowledgement and checksums speak of the same instant. The snapshot is
 * over before the first line is sent: a slow line holds no transaction open.
 */
export async function pull(
  context: Pick<ServerContext, 'database' | 'epoch' | 'now'>,
  session: Session,
  request: PullRequest,
  most: PageLimits = PAGE,
): Promise<string[]> {
  const { account, deviceId } = session;
  const { epoch } = context;
  // Numbers of another epoch mean nothing here. Everything is sent again; a laptop knows events by their ids.
  const asked = request.epoch === epoch ? request.cursors : {};
  const read = async (sql: Sql): Promise<string[]> => {
    const scopes = await visibleScopes(sql, account);
    const visible = new Set(scopes);
    const serverTime = new Date(context.now()).toISOString();
    const lost = Object.keys(request.cursors).filter((scope) => !visible.has(scope));
    const lines = [line({ k: 'head', epoch, serverTime, scopes, lost })];
    const heads = await readHeads(sql, account.tenant, scopes);
    const cursors: Record<string, number> = {};
    const left = {
      events: Math.min(most.events, request.page?.events ?? most.events),
      bytes: Math.min(most.bytes, request.page?.bytes ?? most.bytes),
    };
    for (const { scope, head } of heads) {
      const asking = Object.hasOwn(asked, scope) ? (asked[scope] ?? 0) : 0;
      // A number the server never gave: only starting over can be right.
      const from = asking > head ? 0 : asking;
      // Most pulls find most scopes as they left them.
      cursors[scope] =
        from === head ? head : await readEntries(sql, account.tenant, scope, from, left, lines);
    }
    lines.push(line({ k: 'acked', lastEventId: await lastAcknowledged(sql, account.tenant, deviceId) }));
    for (const { scope, head, hash } of heads) {
      if (cursors[scope] === head)
        lines.push(line({ k: 'checksum', scope, count: head, hash: hashText(hash) }));
    }
    const more = heads.some(({ scope, head }) => cursors[scope] !== head);
    lines.push(line({ k: 'end', cursors, more }));
    return lines;
  };
  return context.database.transaction('snapshot', read, { as: viewOf(account, deviceId) });
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

async function readHeads(sql: Sql, tenant: string, scopes: readonly string[]): Promise<ScopeHead[]> {
  return sql.query<ScopeHead>(
    'SELECT scope, head, hash::text AS hash FROM scopes WHERE tenant = $1 AND scope = ANY($2) ORDER BY scope',
    [tenant, scopes],
  );
}

/** Adds the scope's next entries to `lines` while the page has room. @returns the new cursor. */
async function readEntries(
  sql: Sql,
  tenant: string,
  scope: string,
  from: number,
  left: { events: number; bytes: number },
  lines: string[],
): Promise<number> {
  const batch = 250;
  let cursor = from;
  while (left.events > 0 && left.bytes > 0) {
    const limit = Math.min(batch, left.events);
    const entries = await readFeed(sql, tenant, scope, cursor, limit);
    for (const entry of entries) {
      if (left.bytes <= 0) return cursor;
      lines.push(entryLine(scope, entry));
      left.events--;
      left.bytes -= entry.body.length;
      cursor = entry.n;
    }
    if (entries.length < limit) break;
  }
  return cursor;
}

/** A device's stamps only grow, and it pushes in their order: its highest stamp is its last event. */
async function lastAcknowledged(sql: Sql, tenant: string, device: string): Promise<string> {
  const [row] = await sql.query<{ id: string }>(
    'SELECT id FROM events WHERE tenant = $1 AND device = $2 ORDER BY hlc DESC, id DESC LIMIT 1',
    [tenant, device],
  );
  return row?.id ?? '';
}
