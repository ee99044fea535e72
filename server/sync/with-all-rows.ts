import type { Sql } from '../db/database.ts';
import type { Place } from './fold-into-rows.ts';

/** Further rows have to be locked, and before the others: go back to the savepoint and come again with them. */
export class MoreRowsNeeded extends Error {
  override readonly name = 'MoreRowsNeeded';
  readonly places: readonly Place[];

  constructor(places: readonly Place[]) {
    super('The facts change rows that are not locked.');
    this.places = places;
  }
}

/**
 * Does work that learns only behind its locks which rows it needs. Going back to the savepoint gives the locks back, so
 * that all are taken again, in their one order.
 * @param savepoint that has been set.
 * @param work gets the rows to lock besides those it knows itself; throws MoreRowsNeeded.
 */
export async function withAllRows<T>(
  sql: Sql,
  savepoint: string,
  work: (besides: readonly Place[]) => Promise<T>,
): Promise<T> {
  const besides: Place[] = [];
  for (;;) {
    try {
      return await work(besides);
    } catch (error) {
      if (!(error instanceof MoreRowsNeeded)) throw error;
      await sql.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
      besides.push(...error.places);
    }
  }
}
