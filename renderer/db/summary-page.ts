import type { TicketSummary } from './summary.ts';

/**
 * The summaries of a page as JSON of columns: without a name at each value it
 * is half as long, and parsing it is what a start waits for.
 */
const COLUMNS = [
  'key',
  'number',
  'symptom',
  'customerId',
  'siteId',
  'assetId',
  'grade',
  'work',
  'ended',
  'assignee',
  'waiting',
  'openedAt',
  'hasConflict',
  'promise',
  'due',
  'remainingMs',
  'targetMs',
  'breached',
  'calledBack',
] as const satisfies ReadonlyArray<keyof TicketSummary>;

// Fails to compile when a summary gets a field that is not kept.
const everyFieldIsAColumn: Exclude<keyof TicketSummary, (typeof COLUMNS)[number]> extends never
  ? true
  : never = true;
void everyFieldIsAColumn;

export function writeSummaries(summaries: readonly TicketSummary[]): string {
  return JSON.stringify(COLUMNS.map((column) => summaries.map((summary) => summary[column] ?? null)));
}

export function readSummaries(text: string): TicketSummary[] {
  const columns = JSON.parse(text) as unknown[][];
  const [keys = []] = columns;
  return keys.map((_, row) => {
    const summary: Record<string, unknown> = {};
    for (let at = 0; at < COLUMNS.length; at++) {
      const name = COLUMNS[at];
      const value = columns[at]?.[row];
      if (name !== undefined && value !== null) summary[name] = value;
    }
    return summary as unknown as TicketSummary;
  });
}
