import { parseKey, type FoldedRow } from '#shared/domain/projection.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { PageContent } from './memory.ts';
import { readSummaries, writeSummaries } from './summary-page.ts';
import { summarise, type TicketSummary } from './summary.ts';

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** Of a page or a segment, unpacked: some 2,000 rows are a few MB. What unfolds further is no page. */
const MAX_UNPACKED = 256 * 1024 * 1024;

/** The text in gzip bytes, by the platform's own stream. @throws if the bytes are damaged, or unfold without end. */
export async function gunzipText(bytes: Uint8Array<ArrayBuffer>, most = MAX_UNPACKED): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const decoding = new TextDecoder();
  let size = 0;
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoding.decode();
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError(`The packed text unfolds to more than ${most} bytes.`);
    }
    text += decoding.decode(value, { stream: true });
  }
}

export async function gzipText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a start reads of a page: the summaries as one line, the rows of other nouns as the next. */
export function writeHead({ tickets, others }: PageContent): Uint8Array<ArrayBuffer> {
  return utf8.encode(`${writeSummaries(tickets)}\n${JSON.stringify(others)}`);
}

export function readHead(bytes: Uint8Array): PageContent {
  const [tickets = '[]', others = '[]'] = decoder.decode(bytes).split('\n');
  return { tickets: readSummaries(tickets), others: JSON.parse(others) as FoldedRow[] };
}

/** Takes the lines of a segment apart. */
export function readSegment(text: string, now: number): PageContent {
  const tickets: TicketSummary[] = [];
  const others: FoldedRow[] = [];
  for (const line of text.split('\n')) {
    if (line !== '') sortIn(JSON.parse(line) as FoldedRow, { tickets, others }, now);
  }
  return { tickets, others };
}

/** Puts a row where the head of its page keeps it. */
export function sortIn(
  row: FoldedRow,
  { tickets, others }: { tickets: TicketSummary[]; others: FoldedRow[] },
  now: number,
): void {
  const noun = parseKey(row.key)?.noun;
  if (noun === 'ticket') tickets.push(summarise(row.key, row.state as TicketState, now));
  else if (noun !== undefined) others.push(row);
}
