import { messages as wire, type PGlite, protocol } from '@electric-sql/pglite';
import type { Sql } from '#server/db/database.ts';

const { serialize } = protocol;

/** A statement that the database has read and planned before. */
interface Statement {
  readonly name: string;
  readonly parameterTypes: readonly number[];
  readonly columns: readonly { readonly name: string; readonly type: number }[];
}

type Messages = Awaited<ReturnType<PGlite['execProtocol']>>['messages'];

/**
 * PGlite's protocol with prepared statements: the same few statements run many thousand times, and PGlite's own
 * `query` has each of them read and described every time. Rows come back as from {@link PGlite.query}.
 */
export class PreparedConnection {
  readonly #pg: PGlite;
  readonly #statements = new Map<string, Statement>();
  readonly #sql: Sql = { query: (text, parameters) => this.#run(text, parameters ?? []) };
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pg: PGlite) {
    this.#pg = pg;
  }

  /** Runs `work` when nobody else is at the connection. */
  alone<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const run = this.#turn.then(() => work(this.#sql));
    this.#turn = run.catch(() => undefined);
    return run;
  }

  /** One or more statements without parameters or rows, as a message. */
  simple(text: string): Uint8Array {
    return serialize.query(text);
  }

  async #run<R extends object>(text: string, parameters: readonly unknown[]): Promise<R[]> {
    if (parameters.length === 0 && text.includes(';')) {
      // Several statements in one text: nothing to prepare.
      await this.#send([serialize.query(text)]);
      return [];
    }
    const { name, parameterTypes, columns } = await this.#prepare(text);
    const values = parameters.map((value, place) => this.#write(value, parameterTypes[place] ?? 0));
    const messages = await this.#send([
      serialize.bind({ statement: name, values }),
      serialize.execute({}),
      serialize.sync(),
    ]);
    return ofKind(messages, wire.DataRowMessage).map(({ fields }) => {
      const row: Record<string, unknown> = {};
      for (const [place, column] of columns.entries())
        row[column.name] = this.#read(fields[place] ?? null, column.type);
      return row as R;
    });
  }

  async #prepare(text: string): Promise<Statement> {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const name = `s${this.#statements.size + 1}`;
    const messages = await this.#send([
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    ]);
    const statement = {
      name,
      parameterTypes: ofKind(messages, wire.ParameterDescriptionMessage)[0]?.dataTypeIDs ?? [],
      columns: (ofKind(messages, wire.RowDescriptionMessage)[0]?.fields ?? []).map(
        ({ name, dataTypeID }) => ({
          name,
          type: dataTypeID,
        }),
      ),
    };
    this.#statements.set(text, statement);
    return statement;
  }

  async #send(parts: readonly Uint8Array[]): Promise<Messages> {
    return (await this.#pg.execProtocol(Buffer.concat(parts))).messages;
  }

  #write(value: unknown, type: number): string | null {
    if (value === null || value === undefined) return null;
    const serializer = this.#pg.serializers[type];
    return serializer === undefined ? String(value) : serializer(value);
  }

  #read(text: string | null, type: number): unknown {
    if (text === null) return null;
    const parser = this.#pg.parsers[type];
    return parser === undefined ? text : parser(text, type);
  }
}

function ofKind<M>(messages: Messages, kind: abstract new (...made: never[]) => M): M[] {
  return messages.filter((message): message is Messages[number] & M => message instanceof kind);
}
