import PouchDB from 'pouchdb-browser';
import find from 'pouchdb-find';

PouchDB.plugin(find);

const INDEXES = ['grade', 'work', 'assignee', 'openedAt', 'customerId', 'number'];
let database;
let remote;

/** From nothing to the query our queue begins with, with the same six filters as indexes. */
async function bootstrap(url) {
  const started = performance.now();
  await open(url);
  for (const field of INDEXES) await database.createIndex({ index: { fields: [field] } });
  await database.find({ selector: { assignee: 'li.wei' }, limit: 50 });
  return performance.now() - started;
}

async function open(url) {
  remote = new PouchDB(url, { skip_setup: true });
  database = new PouchDB('tickets');
  await database.replicate.from(remote, { batch_size: 2000 });
}

/** One document after the other, each awaited, as a person's edits are. */
async function edit(from, count) {
  const { rows } = await database.allDocs({ include_docs: true });
  const started = performance.now();
  for (const { doc } of rows.slice(from, from + count))
    await database.put({ ...doc, symptom: `${doc.symptom} *` });
  return performance.now() - started;
}

async function turn() {
  await database.replicate.to(remote, { batch_size: 1000 });
  await database.replicate.from(remote, { batch_size: 1000 });
}

async function edited() {
  const { rows } = await database.allDocs({ include_docs: true });
  return rows.filter(({ doc }) => doc.symptom?.endsWith(' *')).length;
}

window.peer = { bootstrap, open, edit, turn, edited };
