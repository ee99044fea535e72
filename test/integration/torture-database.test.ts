import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgres } from '#server/db/open-postgres.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);
afterAll(() => postgres.stop());

test('[TO4] a PostgreSQL that is killed between two statements of a transaction fails that transaction, and not the server', async () => {
  const database = await openPostgres(postgres.url, () => undefined);
  const killed = database.transaction('write', async (sql) => {
    await sql.query('SELECT 1');
    await postgres.kill();
    await postgres.startAgain();
    return sql.query('SELECT 2');
  });
  await expect(killed).rejects.toThrow();
  await expect.poll(() => database.query('SELECT 3 AS three').catch(() => undefined)).toEqual([{ three: 3 }]);
  await database.close();
}, 60_000);
