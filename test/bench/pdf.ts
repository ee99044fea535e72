import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { ServiceRecordModel } from '#shared/domain/report/service-record.ts';
import { aPng, jpegShell } from '../support/pictures.ts';
import { aServiceRecord, at } from '../support/service-record-model.ts';

interface BenchCase {
  name: string;
  ours: number;
  peer?: number;
  ratio?: number;
  unit: string;
  n: number;
  spread: number;
}

const RUNS = 9;
const PHOTO_BYTES = 400_000;

/**
 * Service records as PDF. Warm: fonts parsed, as in the long-lived worker. Cold: a fresh thread, from loading
 * the code and the fonts to the first paper. Every run makes every case once, so that noise meets all alike.
 */
export async function run(): Promise<{ name: 'pdf'; cases: BenchCase[] }> {
  const { loadDocumentFonts } = await import('#electron/services/documents/fonts.ts');
  const { renderServiceRecord } = await import('#electron/services/documents/service-record.ts');
  const fonts = await loadDocumentFonts();
  const times = new Map<string, number[]>();
  const sizes = new Map<string, number>();
  const note = (name: string, ms: number): void => void times.set(name, [...(times.get(name) ?? []), ms]);

  for (let round = 0; round < RUNS; round += 1) {
    for (const [name, model] of Object.entries(models)) {
      const started = performance.now();
      const bytes = await renderServiceRecord(model, { fonts });
      note(`${name}-warm`, performance.now() - started);
      sizes.set(name, bytes.length);
    }
    note('both-languages-cold', await coldStart());
  }
  return {
    name: 'pdf',
    cases: [
      ...[...times].map(([name, runs]) => measured(name, runs)),
      ...[...sizes].map(([name, size]) => ({
        name: `${name}-size`,
        ours: size / 1000,
        unit: 'kB',
        n: 1,
        spread: 0,
      })),
    ],
  };
}

const photo = (): Uint8Array => {
  const bytes = new Uint8Array(PHOTO_BYTES);
  bytes.set(jpegShell({ width: 1600, height: 1200 }));
  return bytes;
};

const models: Readonly<Record<string, ServiceRecordModel>> = {
  chinese: aServiceRecord(),
  'both-languages': aServiceRecord({ language: 'both' }),
  '12-photos': aServiceRecord({
    photos: Array.from({ length: 12 }, () => ({ picture: { bytes: photo() }, caption: '更换后' })),
    signature: {
      kind: 'picture',
      who: '周敏',
      at: at('12:06'),
      method: 'finger',
      picture: { bytes: aPng({ width: 900, height: 300, colour: 6 }) },
    },
  }),
  '60-parts-10000-characters': aServiceRecord({
    rootCause: '监控单元主板 CAN 收发器在市电恢复的浪涌下失效，总线被拉低。'.repeat(320).slice(0, 10_000),
    parts: Array.from({ length: 60 }, (_, index) => ({
      action: 'swap' as const,
      partNumber: '02270-R4850G',
      name: '整流模块 48V/50A',
      serialOut: `2102K4${index}`,
      serialIn: `2102K5${index}`,
      slot: `R${index}`,
    })),
  }),
};

function coldStart(): Promise<number> {
  const worker = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function measured(name: string, runs: readonly number[]): BenchCase {
  const sorted = runs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return { name, ours: median, unit: 'ms', n: runs.length, spread: (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) };
}

if (!isMainThread && parentPort !== null) {
  const started = performance.now();
  const { loadDocumentFonts } = await import('#electron/services/documents/fonts.ts');
  const { renderServiceRecord } = await import('#electron/services/documents/service-record.ts');
  await renderServiceRecord(aServiceRecord({ language: 'both' }), { fonts: await loadDocumentFonts() });
  parentPort.postMessage(performance.now() - started);
}
