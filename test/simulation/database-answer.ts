/** A column of the rows that a statement gives. */
export interface Column {
  readonly name: string;
  /** Object id of its type. */
  readonly type: number;
}

/** What a database has answered to a few messages of PostgreSQL's protocol. */
export interface Answer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly parameterTypes: readonly number[];
  readonly columns: readonly Column[];
}

/** An error of the database, with the `code` by which the server's own code tells them. */
export class DatabaseError extends Error {
  readonly code: string;

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? 'The database failed.');
    this.name = 'DatabaseError';
    this.code = fields.get('C') ?? '';
  }
}

/**
 * Reads the messages one behind the other (https://www.postgresql.org/docs/current/protocol-message-formats.html); what
 * nobody here asks for is passed over. @throws DatabaseError when one of them tells of an error.
 */
export function readAnswer(bytes: Uint8Array): Answer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: (string | null)[][] = [];
  let parameterTypes: number[] = [];
  let columns: Column[] = [];
  let error: DatabaseError | undefined;
  for (let at = 0; at < buffer.length;) {
    const kind = String.fromCharCode(buffer[at] ?? 0);
    const content = at + 5;
    at += 1 + buffer.readUInt32BE(at + 1);
    if (kind === 'D') rows.push(readRow(buffer, content));
    else if (kind === 't') parameterTypes = readParameters(buffer, content);
    else if (kind === 'T') columns = readColumns(buffer, content);
    else if (kind === 'E') error ??= new DatabaseError(readError(buffer, content, at));
  }
  if (error !== undefined) throw error;
  return { rows, parameterTypes, columns };
}

function readRow(buffer: Buffer, from: number): (string | null)[] {
  const row: (string | null)[] = [];
  let at = from + 2;
  for (let left = buffer.readUInt16BE(from); left > 0; left--) {
    const length = buffer.readInt32BE(at);
    at += 4;
    row.push(length === -1 ? null : buffer.toString('utf8', at, at + length));
    if (length > 0) at += length;
  }
  return row;
}

function readParameters(buffer: Buffer, from: number): number[] {
  const count = buffer.readUInt16BE(from);
  return Array.from({ length: count }, (_, place) => buffer.readUInt32BE(from + 2 + 4 * place));
}

function readColumns(buffer: Buffer, from: number): Column[] {
  const columns: Column[] = [];
  let at = from + 2;
  for (let left = buffer.readUInt16BE(from); left > 0; left--) {
    const end = buffer.indexOf(0, at);
    // Table, place in it, type, its size, modifier, format.
    columns.push({ name: buffer.toString('utf8', at, end), type: buffer.readUInt32BE(end + 7) });
    at = end + 19;
  }
  return columns;
}

/** Letter of the field -> its text. */
function readError(buffer: Buffer, from: number, to: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = from; at < to && buffer[at] !== 0;) {
    const end = buffer.indexOf(0, at);
    fields.set(String.fromCharCode(buffer[at] ?? 0), buffer.toString('utf8', at + 1, end));
    at = end + 1;
  }
  return fields;
}
