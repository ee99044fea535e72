import { z } from 'zod';
import type { Transport } from '#shared/host/messages.ts';

const ReportsSettings = z.object({ blobsDir: z.string(), fontsDir: z.string().optional() });

/** Serves the worker of this name. Each is loaded on its own: the sessions need no fonts. */
export async function serveWorker(name: string, transport: Transport, settings: unknown): Promise<void> {
  switch (name) {
    case 'sessions':
      (await import('./sessions.ts')).serveSessions(transport);
      return;
    case 'indexer':
      (await import('./indexer.ts')).serveLogs(transport);
      return;
    case 'reports':
      await (await import('./reports.ts')).serveReports(transport, ReportsSettings.parse(settings));
      return;
    default:
      throw new Error(`There is no worker ${name}.`);
  }
}
