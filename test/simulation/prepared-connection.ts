import { type PGlite, protocol } from '@electric-sql/pglite';
import type { Sql } from '#server/db/database.ts';
import { type Answer, type Column, readAnswer } from './database-answer.ts';

const { serialize } = protocol;

/** A statement that the database has read and planned before. */
interface Statement {
  readonly name: string;
  readonly parameterTypes: readonly number[];
  readonly columns: readonly Column[];
}

const EXECUTE = serialize.execute({});
const SYNC = serialize.sync();

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

  /** One or more statements without parameters or rows, for whoever is alone at the connection. */
  run(text: string): void {
    this.#send([serialize.query(text)]);
  }

  async #run<R extends object>(text: string, parameters: readonly unknown[]): Promise<R[]> {
    if (parameters.length === 0 && text.includes(';')) {
      // Several statements in one text: nothing to prepare.
      this.#send([serialize.query(text)]);
      return [];
    }
    const { name, parameterTypes, columns } = this.#prepare(text);
    const values = parameters.map((value, place) => this.#write(value, parameterTypes[place] ?? 0));
    const { rows } = this.#send([serialize.bind({ statement: name, values }), EXECUTE, SYNC]);
    return rows.map((fields) => {
      const row: Record<string, unknown> = {};
      for (const [place, column] of columns.entries())
        row[column.name] = this.#read(fields[place] ?? null, column.type);
      return row as R;
    });
  }

  #prepare(text: string): Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const name = `s${this.#statements.size + 1}`;
    const { parameterTypes, columns } = this.#send([
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      SYNC,
    ]);
    const statement = { name, parameterTypes, columns };
    this.#statements.set(text, statement);
    return statement;
  }

  /** PGlite answers before it comes back: nothing has to be waited for. @throws DatabaseError */
  #send(parts: readonly Uint8Array[]): Answer {
    return readAnswer(this.#pg.execProtocolRawSync(Buffer.concat(parts)));
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
