// PouchDB's own server on LevelDB, in a process of its own. Documents come on standard input, one a line; then it prints its address.
// Argument: its folder.
import { createInterface } from 'node:readline';
import express from 'express';
import expressPouch from 'express-pouchdb';
import PouchNode from 'pouchdb-node';

const folder = process.argv[2];
const Pouch = PouchNode.defaults({ prefix: `${folder}/` });
const app = express();
app.use((request, response, next) => {
  response.set({
    'access-control-allow-origin': request.headers.origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
    'access-control-allow-headers': 'content-type, accept, authorization, if-none-match',
  });
  if (request.method === 'OPTIONS') response.status(204).end();
  else next();
});
app.use(
  '/',
  expressPouch(Pouch, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: `${folder}/log` }),
);
// After the server knows of the class: it serves only databases that it has seen being made.
const database = new Pouch('tickets');
let batch = [];
for await (const line of createInterface({ input: process.stdin })) {
  batch.push(JSON.parse(line));
  if (batch.length < 2000) continue;
  await database.bulkDocs(batch);
  batch = [];
}
if (batch.length > 0) await database.bulkDocs(batch);

const server = app.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/tickets`),
);
