import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What one transaction writes: as many rows in the same tables as one push does. */
export interface BareWrite {
  readonly url: string;
  readonly folder: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly clients: number;
  readonly eventsPerPush: number;
  readonly transactionsPerClient: number;
  /** A body and a state of the size that the pushes carry. */
  readonly body: string;
  readonly state: string;
}

const TICKETS = 5;

/**
 * The same rows in the same tables, written by pgbench and nothing else: no HTTP, no schema, no rights, no verdicts
 * looked up, no hash chain, no fold. `perRow` sends one prepared statement a row; `perSet` our own two
 * statements over a JSON parameter.
 * @returns events in a second.
 */
export async function bareWrites(write: BareWrite, how: 'perRow' | 'perSet'): Promise<number> {
  const file = path.join(write.folder, `${how}.sql`);
  await writeFile(file, how === 'perRow' ? perRow(write) : perSet(write));
  const total = write.clients * write.transactionsPerClient;
  const { stdout } = await run(
    'pgbench',
    `-n -M prepared -j 1 -c ${write.clients} -t ${write.transactionsPerClient}`
      .split(' ')
      .concat('-f', file, write.url),
    { maxBuffer: 16 * 1024 * 1024 },
  );
  const done = Number(/actually processed: (\d+)/.exec(stdout)?.[1]);
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  if (done !== total || !Number.isFinite(tps)) throw new Error(`pgbench did not do its work:\n${stdout}`);
  return tps * write.eventsPerPush;
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** pgbench reads `:name` as a variable, also inside of a literal: colons of the body are written as an escape. */
const colonless = (json: string): string => json.replaceAll(':', '=');

function head({ scopes }: BareWrite): string {
  return `\\set s random(1, ${scopes.length})
BEGIN;
`;
}

const scopeOf = "('region/bench-' || :s)";

function perRow(write: BareWrite): string {
  const { tenant, eventsPerPush, body, state } = write;
  const lines = [head(write)];
  for (let n = 0; n < TICKETS; n++) {
    const key = `('ticket/bare-' || :client_id || '-' || :s || '-${n}')`;
    lines.push(
      `INSERT INTO rows (tenant, scope, key, hlc, id, state) VALUES (${text(tenant)}, ${scopeOf}, ${key}, '', '', 'null') ON CONFLICT DO NOTHING;`,
      `UPDATE rows SET hlc = clock_timestamp()\\:\\:text, state = ${text(colonless(state))} WHERE tenant = ${text(tenant)} AND scope = ${scopeOf} AND key = ${key};`,
    );
  }
  for (let n = 0; n < eventsPerPush; n++) {
    const key = `('ticket/bare-' || :client_id || '-' || :s || '-${n % TICKETS}')`;
    lines.push(
      `INSERT INTO event_entities (tenant, scope, key, hlc, id) VALUES (${text(tenant)}, ${scopeOf}, ${key}, clock_timestamp()\\:\\:text, gen_random_uuid()\\:\\:text);`,
    );
  }
  for (let n = 0; n < eventsPerPush; n++) {
    const stream = `('ticket/bare-' || :client_id || '-' || :s || '-${n % TICKETS}')`;
    lines.push(
      `WITH counted AS (UPDATE scopes SET head = head + 1 WHERE tenant = ${text(tenant)} AND scope = ${scopeOf} RETURNING head) INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, body) SELECT ${text(tenant)}, ${scopeOf}, head, gen_random_uuid()\\:\\:text, ${stream}, 'bare', clock_timestamp()\\:\\:text, ${text('0'.repeat(64))}, ${text(colonless(body))} FROM counted;`,
    );
  }
  return [...lines, 'COMMIT;', ''].join('\n').replaceAll('\\:\\:', '::');
}

function perSet(write: BareWrite): string {
  const { tenant, eventsPerPush, body, state } = write;
  const key = `('ticket/bare-' || :client_id || '-' || :s || '-' || g`;
  return `${head(write)}INSERT INTO rows (tenant, scope, key, hlc, id, state) SELECT ${text(tenant)}, ${scopeOf}, ${key}), '', '', 'null' FROM generate_series(0, ${TICKETS - 1}) g ON CONFLICT DO NOTHING;
UPDATE rows SET hlc = clock_timestamp()::text, state = ${text(colonless(state))} FROM generate_series(0, ${TICKETS - 1}) g WHERE tenant = ${text(tenant)} AND scope = ${scopeOf} AND key = ${key});
INSERT INTO event_entities (tenant, scope, key, hlc, id) SELECT ${text(tenant)}, ${scopeOf}, ${key} % ${TICKETS}), clock_timestamp()::text, gen_random_uuid()::text FROM generate_series(1, ${eventsPerPush}) g;
WITH counted AS (UPDATE scopes SET head = head + ${eventsPerPush} WHERE tenant = ${text(tenant)} AND scope = ${scopeOf} RETURNING head - ${eventsPerPush} AS base) INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, body) SELECT ${text(tenant)}, ${scopeOf}, base + g, gen_random_uuid()::text, ${key} % ${TICKETS}), 'bare', clock_timestamp()::text, ${text('0'.repeat(64))}, ${text(colonless(body))} FROM counted, generate_series(1, ${eventsPerPush}) g;
COMMIT;
`;
}
