import { Dexie } from 'dexie';
import { createRxDatabase, type RxCollection } from 'rxdb';
import { replicateRxCollection, type RxReplicationState } from 'rxdb/plugins/replication';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { INDEXES, type Document } from './document.ts';

/**
 * What others do with the same rows: one record a row in Dexie with six
 * indexes, and RxDB's replication over HTTP into its Dexie storage with the
 * same indexes. Both end with the query our queue begins with.
 */
interface Checkpoint {
  after: number;
}

let replication: RxReplicationState<Document, Checkpoint> | undefined;
let collection: RxCollection<Document> | undefined;

async function page(after: number, limit: number): Promise<{ rows: Document[]; head: number }> {
  const response = await fetch(`/rows?after=${after}&limit=${limit}`);
  const [head = '0', ...lines] = (await response.text()).split('\n').filter(Boolean);
  return { head: Number(head), rows: lines.map((line) => JSON.parse(line) as Document) };
}

async function dexieRows(): Promise<number> {
  const started = performance.now();
  const database = new Dexie('rows');
  database.version(1).stores({ tickets: `key, ${INDEXES.join(', ')}` });
  const table = database.table<Document>('tickets');
  for (let after = 0; ;) {
    const { rows, head } = await page(after, 2000);
    if (rows.length === 0) break;
    await table.bulkPut(rows);
    after = head;
  }
  await table.where('assignee').equals('li.wei').limit(50).toArray();
  return performance.now() - started;
}

async function bootstrap(): Promise<number> {
  const started = performance.now();
  const tickets = await open();
  await tickets.find({ selector: { assignee: 'li.wei' }, limit: 50 }).exec();
  return performance.now() - started;
}

async function open(): Promise<RxCollection<Document>> {
  const database = await createRxDatabase({ name: 'rx', storage: getRxStorageDexie() });
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
  replication = replicateRxCollection<Document, Checkpoint>({
    collection: tickets as RxCollection<Document>,
    replicationIdentifier: 'bench',
    live: true,
    retryTime: 100,
    pull: {
      batchSize: 2000,
      handler: async (checkpoint, limit) => {
        const { rows, head } = await page(checkpoint?.after ?? 0, limit);
        return {
          documents: rows.map((row) => ({ ...row, _deleted: false })),
          checkpoint: { after: head },
        };
      },
    },
    push: {
      batchSize: 1000,
      handler: async (changes) => {
        const response = await fetch('/rows', {
          method: 'POST',
          body: JSON.stringify(changes.map(({ newDocumentState }) => newDocumentState)),
        });
        if (!response.ok) throw new Error(`The peer's server answered ${response.status}.`);
        return [];
      },
    },
  });
  await replication.awaitInitialReplication();
  collection = tickets as RxCollection<Document>;
  return collection;
}

/** One document after the other, each awaited, as a person's edits are, while nothing is replicated. */
async function edit(from: number, count: number): Promise<number> {
  await replication?.pause();
  const documents = await collection!.find({ sort: [{ key: 'asc' }], skip: from, limit: count }).exec();
  const started = performance.now();
  for (const document of documents) await document.incrementalPatch({ symptom: `${document.symptom} *` });
  return performance.now() - started;
}

/** Sends and fetches what there is. */
async function turn(): Promise<void> {
  if (replication?.isPaused() === true) await replication.start();
  replication?.reSync();
  await replication?.awaitInSync();
}

async function edited(): Promise<number> {
  const documents = await collection!.find().exec();
  return documents.filter(({ symptom }) => symptom.endsWith(' *')).length;
}

Object.assign(window, { peer: { dexieRows, bootstrap, open, edit, turn, edited } });
