import { Dexie } from 'dexie';
import { createRxDatabase, type RxDatabase } from 'rxdb';
import { replicateRxCollection } from 'rxdb/plugins/replication';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';

/**
 * What others do with the same rows: one record a row in Dexie with six
 * indexes, and RxDB's replication over HTTP into its Dexie storage with the
 * same indexes. Both end with the query our queue begins with.
 */
interface Ticket {
  key: string;
  number: string;
  symptom: string;
  grade: string;
  work: string;
  assignee: string;
  openedAt: number;
  customerId: string;
  body: string;
}
const INDEXES = ['grade', 'work', 'assignee', 'openedAt', 'customerId', 'number'] as const;

async function page(after: number, limit: number): Promise<Ticket[]> {
  const response = await fetch(`/rows?after=${after}&limit=${limit}`);
  return (await response.text())
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Ticket);
}

async function dexieRows(): Promise<number> {
  const started = performance.now();
  const database = new Dexie('rows');
  database.version(1).stores({ tickets: `key, ${INDEXES.join(', ')}` });
  const table = database.table<Ticket>('tickets');
  for (let after = 0; ;) {
    const rows = await page(after, 2000);
    if (rows.length === 0) break;
    await table.bulkPut(rows);
    after += rows.length;
  }
  await table.where('assignee').equals('li.wei').limit(50).toArray();
  return performance.now() - started;
}

async function rxdb(): Promise<number> {
  const started = performance.now();
  const database: RxDatabase = await createRxDatabase({ name: 'rx', storage: getRxStorageDexie() });
  const text = { type: 'string', maxLength: 100 } as const;
  const { tickets } = await database.addCollections({
    tickets: {
      schema: {
        version: 0,
        primaryKey: 'key',
        type: 'object',
        properties: {
          key: text,
          number: text,
          symptom: { type: 'string' },
          grade: text,
          work: text,
          assignee: text,
          customerId: text,
          openedAt: { type: 'number', minimum: 0, maximum: 1e14, multipleOf: 1 },
          body: { type: 'string' },
        },
        required: ['key', 'number', 'grade', 'work', 'assignee', 'customerId', 'openedAt'],
        indexes: [...INDEXES],
      },
    },
  });
  if (tickets === undefined) throw new Error('RxDB made no collection.');
  const replication = replicateRxCollection<Ticket, { after: number }>({
    collection: tickets,
    replicationIdentifier: 'bench',
    live: false,
    pull: {
      batchSize: 2000,
      handler: async (checkpoint, limit) => {
        const after = checkpoint?.after ?? 0;
        const rows = await page(after, limit);
        return {
          documents: rows.map((row) => ({ ...row, _deleted: false })),
          checkpoint: { after: after + rows.length },
        };
      },
    },
  });
  await replication.awaitInitialReplication();
  await tickets.find({ selector: { assignee: 'li.wei' }, limit: 50 }).exec();
  return performance.now() - started;
}

Object.assign(window, { peers: { dexieRows, rxdb } });
