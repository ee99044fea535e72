import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { serveReports } from '#electron/workers/reports.ts';
import { connectContract, type HostConnection } from '#shared/host/client.ts';
import { reportsWorkerContract } from '#shared/host/documents.ts';
import { memoryTransportPair } from '#shared/host/memory-transport.ts';
import { aPng } from '#test/support/pictures.ts';
import { readPdf } from '#test/support/read-pdf.ts';
import { aServiceRecord } from '#test/support/service-record-model.ts';

let blobsDir: string;
let blobs: BlobStore;
let connection: HostConnection<typeof reportsWorkerContract>;

beforeEach(async () => {
  blobsDir = await mkdtemp(join(tmpdir(), 'faultline-papers-'));
  blobs = await BlobStore.open(blobsDir);
  connection = await connect({ blobsDir });
});

afterEach(async () => {
  connection.close();
  await rm(blobsDir, { recursive: true });
});

async function connect(options: { blobsDir: string; fontsDir?: string }): Promise<typeof connection> {
  const [worker, host] = memoryTransportPair((message) => structuredClone(message));
  await serveReports(worker, options);
  return connectContract(reportsWorkerContract, host);
}

test('[D12] keeps the paper in the blob store and answers with its hash, size and pages', async () => {
  const { documents } = connection.client;
  const paper = await documents.serviceRecord({ model: aServiceRecord() });
  const bytes = await blobs.read(paper.sha256);
  expect(bytes.length).toBe(paper.size);
  expect((await readPdf(bytes)).info['Pages']).toBe(String(paper.pages));
  expect(await documents.serviceRecord({ model: aServiceRecord() })).toEqual(paper);
});

test('[D12] takes pictures by their hash and says which are not on this laptop', async () => {
  const { sha256 } = await blobs.put(aPng({ width: 200, height: 100 }));
  const photos = [{ picture: { blob: sha256 } }, { picture: { blob: 'ab'.repeat(32) } }];
  const paper = await connection.client.documents.serviceRecord({
    model: aServiceRecord({ language: 'en', photos }),
  });
  const pdf = await readPdf(await blobs.read(paper.sha256));
  expect(pdf.images).toBe(1);
  expect(pdf.text.replaceAll(/\s+/g, ' ')).toContain('the picture is not on this laptop');
});

test('[D10] refuses a kept file that is far too big for a picture without reading it', async () => {
  const { sha256 } = await blobs.put(new Uint8Array(26_000_000));
  const photos = [{ picture: { blob: sha256 } }];
  const asked = connection.client.documents.serviceRecord({ model: aServiceRecord({ photos }) });
  await expect(asked).rejects.toMatchObject({ code: 'documents.pictureTooBig' });
});

test('[D12] passes its errors on with their codes', async () => {
  const other = await connect({ blobsDir, fontsDir: '/nowhere' });
  const asked = other.client.documents.serviceRecord({ model: aServiceRecord() });
  await expect(asked).rejects.toMatchObject({ code: 'documents.fontUnavailable' });
  other.close();
});
